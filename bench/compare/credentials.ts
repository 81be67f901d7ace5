import { ADMIN, AUTHOR, PASSWORD } from './fill.js';

/** `Authorization` fields of an administrator and of an author. */
export interface Credentials {
  admin: string;
  author: string;
  /** `Cookie` field of the author. */
  cookie: string;
}

/** The browser of the session. */
export const USER_AGENT = 'bench';

/** Returns the credentials of the two accounts, which sign in to the service. */
export async function signIn(origin: string): Promise<Credentials> {
  const tokenOf = async (username: string) => {
    const answer = await fetch(`${origin}/api/v1/auth/token`, {
      method: 'POST',
      body: new URLSearchParams({ grant_type: 'password', username, password: PASSWORD }),
    });
    if (!answer.ok) throw new Error(`Could not sign in: ${answer.status}`);
    return `Bearer ${((await answer.json()) as { access_token: string }).access_token}`;
  };
  const login = await fetch(`${origin}/api/v1/auth/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'user-agent': USER_AGENT },
    body: JSON.stringify({ username: AUTHOR, password: PASSWORD }),
  });
  const cookie = login.headers
    .getSetCookie()
    .map((each) => each.split(';', 1)[0])
    .join('; ');
  return { admin: await tokenOf(ADMIN), author: await tokenOf(AUTHOR), cookie };
}
