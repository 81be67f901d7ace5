import {
  createHash,
  createHmac,
  createSecretKey,
  type KeyObject,
  randomUUID,
  timingSafeEqual,
} from 'node:crypto';

/** Lifetime of an access token in seconds. */
const ACCESS_TOKEN_SECONDS = 3600;

/** Lifetime of a refresh token in seconds: 30 days. */
export const REFRESH_TOKEN_SECONDS = 30 * 24 * 3600;

const LIFETIMES = { access: ACCESS_TOKEN_SECONDS, refresh: REFRESH_TOKEN_SECONDS } as const;

export type TokenType = keyof typeof LIFETIMES;

/**
 * Issuer and audience of tokens, so that they are invalid in other services that share a secret.
 */
const PARTY = 'althing';

/** The user and session of a token. */
export interface TokenSubject {
  userId: number;
  sessionId: number;
}

export type TokenFault = 'invalid_token' | 'wrong_token_type';

/** What a token says (RFC 7519, section 4.1). */
interface Claims {
  sub: string;
  sid: number;
  iat: number;
  exp: number;
  jti: string;
  type: string;
  iss: string;
  aud: string;
}

/** A secret, and the header of every token that it signs. */
interface TokenKey {
  /** Encoded, as the first part of a token. */
  header: string;
  secret: KeyObject;
}

/**
 * Secrets for tokens: the first signs, all verify, so that secrets can be rotated. Tokens are JSON
 * web tokens (RFC 7519) signed with HMAC-SHA-256 (RFC 7518, section 3.2).
 *
 * A token is accepted only with exactly the header that this service writes, so a token cannot
 * choose how it is verified.
 */
export class TokenKeys {
  readonly #keys: readonly TokenKey[];

  /** @throws TypeError without a secret */
  constructor(secrets: readonly string[]) {
    if (secrets.length === 0) throw new TypeError('A secret is required to sign tokens');
    this.#keys = secrets.map((secret) => {
      const kid = createHash('sha256').update(`kid:${secret}`).digest('hex').slice(0, 16);
      return {
        header: encode({ alg: 'HS256', typ: 'JWT', kid }),
        secret: createSecretKey(Buffer.from(secret)),
      };
    });
  }

  /**
   * Returns a signed token with `sub`, `sid`, `iat`, `exp`, `jti`, `type`, `iss` and `aud`.
   *
   * @param end the token expires no later than this
   */
  sign(type: TokenType, { userId, sessionId }: TokenSubject, now: Date, end?: Date): string {
    const [key] = this.#keys as [TokenKey];
    const issuedAt = secondsOf(now);
    const claims: Claims = {
      sid: sessionId,
      type,
      sub: String(userId),
      iss: PARTY,
      aud: PARTY,
      iat: issuedAt,
      exp: issuedAt + lifetimeOf(type, now, end),
      jti: randomUUID(),
    };
    const content = `${key.header}.${encode(claims)}`;
    return `${content}.${signatureOf(content, key)}`;
  }

  /** Verifies a token of this type; returns its user, session and end, or the error. */
  verify(
    type: TokenType,
    token: string,
    now: Date,
  ): (TokenSubject & { expiresAt: Date }) | { fault: TokenFault } {
    const claims = this.#claimsOf(token);
    if (claims === null || !isCurrent(claims, now)) return { fault: 'invalid_token' };
    if (claims.type !== type) return { fault: 'wrong_token_type' };
    const userId = Number(claims.sub);
    const { sid, exp = 0 } = claims;
    const isOurs = isId(userId) && String(userId) === claims.sub && isId(sid);
    if (!isOurs) return { fault: 'invalid_token' };
    return { userId, sessionId: sid, expiresAt: new Date(exp * 1000) };
  }

  /** Returns the claims of a token that one of the secrets has signed; otherwise null. */
  #claimsOf(token: string): Partial<Claims> | null {
    const key = this.#keys.find(({ header }) => token.startsWith(`${header}.`));
    const end = token.lastIndexOf('.');
    if (key === undefined || end <= key.header.length) return null;
    const signature = Buffer.from(token.slice(end + 1));
    const expected = Buffer.from(signatureOf(token.slice(0, end), key));
    const isSigned = signature.length === expected.length && timingSafeEqual(signature, expected);
    if (!isSigned) return null;
    // Parsed only now, so nothing but what a secret has signed is ever read.
    return decode(token.slice(key.header.length + 1, end));
  }
}

function encode(part: object): string {
  return Buffer.from(JSON.stringify(part)).toString('base64url');
}

/** Returns the JSON object of a part, or null: somebody else who has the secret may sign anything. */
function decode(part: string): Partial<Claims> | null {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString());
    return typeof value === 'object' ? value : null;
  } catch {
    return null;
  }
}

function signatureOf(content: string, { secret }: TokenKey): string {
  return createHmac('sha256', secret).update(content).digest('base64url');
}

/** Whether the token is one of this service that has not expired. A secret may have other users. */
function isCurrent({ iss, aud, exp, iat, jti }: Partial<Claims>, now: Date): boolean {
  const isComplete = typeof jti === 'string' && typeof iat === 'number';
  const isOurs = iss === PARTY && aud === PARTY;
  return isComplete && isOurs && typeof exp === 'number' && exp > secondsOf(now);
}

/** Returns the lifetime in seconds of a token that is signed now and expires by `end`. */
export function lifetimeOf(type: TokenType, now: Date, end?: Date): number {
  const most = LIFETIMES[type];
  return end === undefined ? most : Math.min(most, secondsOf(end) - secondsOf(now));
}

/** Tokens contain whole seconds; a remaining fraction is dropped, never promised. */
function secondsOf(time: Date): number {
  return Math.floor(time.getTime() / 1000);
}

/** Whether this is a number that an identity column can have. */
function isId(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value > 0 && value < 2 ** 31;
}
