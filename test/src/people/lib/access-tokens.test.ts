import { createHmac, createSecretKey } from 'node:crypto';
import { decodeJwt, decodeProtectedHeader, jwtVerify, SignJWT } from 'jose';
import t from 'tap';
import { TokenKeys } from '#src/people/lib/access-tokens.js';

const SECRET = 'a-secret-of-tokens-that-is-long-enough';
const OTHER = 'another-secret-of-tokens-that-is-long-enough';
const NOW = new Date('2026-01-02T03:04:05.678Z');
const keys = new TokenKeys([SECRET]);
const subject = { userId: 7, sessionId: 9 };
const verified = { ...subject, expiresAt: new Date('2026-01-02T04:04:05.000Z') };
const token = keys.sign('access', subject, NOW);

function keyOf(secret: string) {
  return createSecretKey(Buffer.from(secret));
}

/** Signs other claims as the service would. */
function signClaims(claims: Record<string, unknown>, secret = SECRET): Promise<string> {
  const { alg = '', ...header } = decodeProtectedHeader(token);
  return new SignJWT({ ...decodeJwt(token), ...claims })
    .setProtectedHeader({ alg, ...header })
    .sign(keyOf(secret));
}

t.test('signs tokens that any implementation of RFC 7519 verifies', async (t) => {
  const { payload } = await jwtVerify(token, keyOf(SECRET), {
    algorithms: ['HS256'],
    issuer: 'althing',
    audience: 'althing',
    currentDate: NOW,
  });
  t.match(payload, { sub: '7', sid: 9, type: 'access', exp: (payload.iat ?? 0) + 3600 });
});

t.test('verifies what another implementation has signed with the same header', async (t) => {
  t.same(keys.verify('access', await signClaims({}), NOW), verified);
});

t.test('refuses tokens that are not its own', async (t) => {
  const faults: Record<string, Record<string, unknown>> = {
    'another issuer': { iss: 'other' },
    'another audience': { aud: 'other' },
    'no expiry': { exp: undefined },
    'an expiry in words': { exp: '9999999999' },
    'no id': { jti: undefined },
    'a user who is no number': { sub: '7e0' },
    'user 0': { sub: '0' },
    'a session beyond the range': { sid: 2 ** 31 },
  };
  for (const [name, claims] of Object.entries(faults)) {
    t.same(keys.verify('access', await signClaims(claims), NOW), { fault: 'invalid_token' }, name);
  }
  const { exp = 0 } = decodeJwt(token);
  t.same(keys.verify('access', token, new Date(exp * 1000 - 1)), verified);
  t.same(keys.verify('access', token, new Date(exp * 1000)), { fault: 'invalid_token' });
  t.same(keys.verify('access', await signClaims({}, OTHER), NOW), { fault: 'invalid_token' });
  t.same(keys.verify('refresh', token, NOW), { fault: 'wrong_token_type' });
  const [head = ''] = token.split('.');
  for (const text of ['', '.', '..', head, `${head}.`, `${head}..`, `${token}.`, `${token}A`]) {
    t.same(keys.verify('access', text, NOW), { fault: 'invalid_token' }, text);
  }
});

t.test('refuses content that is no object, although it is signed', async (t) => {
  const [head = ''] = token.split('.');
  for (const content of ['null', '5', '"text"', '[]', '{', '']) {
    const signed = `${head}.${Buffer.from(content).toString('base64url')}`;
    const signature = createHmac('sha256', SECRET).update(signed).digest('base64url');
    t.same(
      keys.verify('access', `${signed}.${signature}`, NOW),
      { fault: 'invalid_token' },
      content,
    );
  }
});

t.test('verifies with every secret, and signs with the first', async (t) => {
  const rotated = new TokenKeys([OTHER, SECRET]);
  t.same(rotated.verify('access', token, NOW), verified);
  t.same(keys.verify('access', rotated.sign('access', subject, NOW), NOW), {
    fault: 'invalid_token',
  });
  t.throws(() => new TokenKeys([]), TypeError);
});
