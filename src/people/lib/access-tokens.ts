import { createHash, randomUUID } from 'node:crypto';
import { errors, type JWTPayload, jwtVerify, SignJWT } from 'jose';

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

/** Secrets for tokens: the first signs, all verify, so that secrets can be rotated. */
export class TokenKeys {
  readonly #keys: { id: string; secret: Uint8Array }[];

  /** @throws TypeError without a secret */
  constructor(secrets: readonly string[]) {
    if (secrets.length === 0) throw new TypeError('A secret is required to sign tokens');
    this.#keys = secrets.map((secret) => ({
      id: createHash('sha256').update(`kid:${secret}`).digest('hex').slice(0, 16),
      secret: new TextEncoder().encode(secret),
    }));
  }

  /**
   * Returns a signed token (RFC 7519, HS256) with `sub`, `sid`, `iat`, `exp`, `jti`, `type`, `iss`
   * and `aud`.
   *
   * @param end the token expires no later than this
   */
  sign(
    type: TokenType,
    { userId, sessionId }: TokenSubject,
    now: Date,
    end?: Date,
  ): Promise<string> {
    const [key] = this.#keys as [{ id: string; secret: Uint8Array }];
    const issuedAt = secondsOf(now);
    return new SignJWT({ sid: sessionId, type })
      .setProtectedHeader({ alg: 'HS256', typ: 'JWT', kid: key.id })
      .setSubject(String(userId))
      .setIssuer(PARTY)
      .setAudience(PARTY)
      .setIssuedAt(issuedAt)
      .setExpirationTime(issuedAt + lifetimeOf(type, now, end))
      .setJti(randomUUID())
      .sign(key.secret);
  }

  /** Verifies a token of this type; returns its user and session, or the error. */
  async verify(
    type: TokenType,
    token: string,
    now: Date,
  ): Promise<TokenSubject | { fault: TokenFault }> {
    const payload = await this.#payloadOf(token, now);
    if (payload === null) return { fault: 'invalid_token' };
    if (payload['type'] !== type) return { fault: 'wrong_token_type' };
    const userId = Number(payload.sub);
    const sessionId = payload['sid'];
    const isOurs = isNumber(userId) && String(userId) === payload.sub && isNumber(sessionId);
    return isOurs ? { userId, sessionId } : { fault: 'invalid_token' };
  }

  async #payloadOf(token: string, now: Date): Promise<JWTPayload | null> {
    try {
      const { payload } = await jwtVerify(token, ({ kid }) => this.#secretOf(kid), {
        algorithms: ['HS256'],
        issuer: PARTY,
        audience: PARTY,
        requiredClaims: ['sub', 'sid', 'iat', 'exp', 'jti', 'type'],
        currentDate: now,
      });
      return payload;
    } catch (error) {
      if (error instanceof errors.JOSEError) return null;
      throw error;
    }
  }

  /** @throws JWKSNoMatchingKey if the token was signed with a removed secret */
  #secretOf(id: string | undefined): Uint8Array {
    const key = this.#keys.find((each) => each.id === id);
    if (key === undefined) throw new errors.JWKSNoMatchingKey();
    return key.secret;
  }
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

function isNumber(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value > 0 && value < 2 ** 31;
}
