/**
 * What a typed client may write, and what fails to compile. Nothing here runs: `npm run types`
 * checks it, and a line that should not compile and does is an error as well.
 */
import createClient from 'openapi-fetch';
import type { components, paths } from '../../openapi/types.d.ts';

type UserCreate = components['schemas']['UserCreate'];
type UserUpdate = components['schemas']['UserUpdate'];
type UserPublic = components['schemas']['UserPublic'];

const api = createClient<paths>({ baseUrl: 'http://127.0.0.1:8000' });

/** What is right. */
export async function compiles(): Promise<string[]> {
  await api.POST('/api/v1/auth/login', { body: { username: 'admin', password: 'a secret' } });
  // What has a default may be left out.
  const least: UserCreate = { username: 'dora' };
  const most: UserCreate = { ...least, role: 'editor', email: null, tags: ['staff'], age: 30 };
  await api.POST('/api/v1/users', { body: most });
  await api.POST('/api/v1/users/bulk', {
    params: { header: { 'idempotency-key': 'once' } },
    body: [least, most],
  });
  await api.PATCH('/api/v1/users/{id}', {
    params: { path: { id: 1 }, header: { 'if-match': '"3-full"' } },
    body: { nickname: 'Dora' },
  });
  const { data, error } = await api.GET('/api/v1/users', {
    params: { query: { page: 2, size: 5, sort: '-username' } },
  });
  if (error) {
    // Every error has a detail: text, or the values that are not valid.
    const { detail } = error;
    return typeof detail === 'string' ? [detail] : detail.map(({ msg }) => msg);
  }
  const total: number | null = data.total;
  return [String(total), ...data.items.map(({ username }) => username)];
}

/** What is wrong, each line for the reason beside it. */
export async function doesNotCompile(user: UserPublic): Promise<void> {
  // openapi-fetch infers a body that is written in the call, and TypeScript then lets fields pass
  // that are too many; a body that has its type does not.
  // @ts-expect-error: a field that a user does not have
  const surplus: UserCreate = { username: 'dora', surname: 'Lee' };
  await api.POST('/api/v1/users', { body: surplus });

  // @ts-expect-error: a field that no user has, in a change
  const change: UserUpdate = { surname: 'Lee' };
  await api.PATCH('/api/v1/users/{id}', { params: { path: { id: 1 } }, body: change });

  // @ts-expect-error: a required field is missing
  await api.POST('/api/v1/users', { body: { nickname: 'Dora' } });

  // @ts-expect-error: the body is missing
  await api.POST('/api/v1/users');

  // @ts-expect-error: a value that is not one of the roles
  await api.POST('/api/v1/users', { body: { username: 'dora', role: 'owner' } });

  // @ts-expect-error: a number where there is text
  await api.POST('/api/v1/auth/login', { body: { username: 'admin', password: 1 } });

  // @ts-expect-error: a path that is not there
  await api.GET('/api/v1/people');

  // @ts-expect-error: a method that the path does not have
  await api.DELETE('/api/v1/users');

  // @ts-expect-error: text where the query has a number
  await api.GET('/api/v1/users', { params: { query: { page: 'two' } } });

  // @ts-expect-error: a parameter that the query does not have
  await api.GET('/api/v1/users', { params: { query: { pages: 2 } } });

  // @ts-expect-error: the id in the path is missing
  await api.GET('/api/v1/users/{id}');

  // @ts-expect-error: the e-mail address is not public
  user.email;

  const { data } = await api.GET('/api/v1/users/{id}', { params: { path: { id: 1 } } });
  // @ts-expect-error: whoever asks may be given the public fields only
  data?.role;

  // @ts-expect-error: there may be an error, and then there is no data
  data.username;
}
