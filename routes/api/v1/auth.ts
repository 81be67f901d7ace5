import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { deviceOf, setDeviceCookie } from '#plugins/device-cookie.js';
import { dropCookie, openSession, signIn } from '#plugins/sessions.js';
import { CsrfToken, Login, LoginStatus, LogoutStatus, SessionStatus, tag } from '#schemas/auth.js';
import { Ref } from '#schemas/types.js';
import { authenticate } from '#src/people/services/auth.js';
import { endSession } from '#src/people/services/sessions.js';

const tags = [tag.name];

const operations = {
  login: {
    operationId: 'auth-login',
    summary: 'Sign in',
    description:
      'Starts a session and sets its cookie. The response is the same for an unknown user, ' +
      'a user who may not sign in, and a wrong password. After several failures for one ' +
      'account or from one IP address, the response is 429: wait for the seconds in ' +
      '`Retry-After`. Each further failure doubles the wait, up to 15 minutes. A second ' +
      'cookie marks the browser as known to the account for a year: its failures are counted ' +
      'apart, so others who guess passwords do not delay it. ' +
      '`Idempotency-Key` is ignored: signing in twice is harmless, and a response that sets ' +
      'a cookie must not be stored.',
    tags,
    body: Ref(Login),
    response: { 200: Ref(LoginStatus) },
  },
  logout: {
    operationId: 'auth-logout',
    summary: 'Sign out',
    description:
      'Ends the session of this request: the session of the cookie, which is cleared, or that ' +
      'of the access token, whose tokens are rejected from then on. Without a credential, ' +
      'there is nothing to end, and the response is the same. Delete an API key to end it.',
    tags,
    response: { 200: Ref(LogoutStatus) },
  },
  session: {
    operationId: 'auth-session',
    summary: 'Get the current session',
    description: 'Returns whether you are signed in, and as which user.',
    tags,
    response: { 200: Ref(SessionStatus) },
  },
  csrf: {
    operationId: 'auth-csrf',
    summary: 'Get a CSRF token',
    description:
      'Returns the token that a POST, PUT, PATCH or DELETE with a session cookie must send ' +
      'as `X-CSRF-Token`. The token is bound to the session: get a new one after signing in.',
    tags,
    response: { 200: Ref(CsrfToken) },
  },
} as const;

const routes: FastifyPluginAsyncTypebox<{ perMinute: number }> = async (app, { perMinute }) => {
  app.post(
    '/login',
    {
      schema: operations.login,
      config: {
        idempotent: false,
        // The browser may still send the cookie of an old session.
        csrf: false,
        errors: [401],
        sends: ['Set-Cookie'],
        limit: { perMinute },
      },
    },
    async (request, reply) => {
      const { remember, ...login } = request.body;
      const device = deviceOf(request);
      const user = await authenticate(request.context(), login, device);
      setDeviceCookie(reply, await signIn(request, user, { remember, device }));
      return { status: 'login_ok' as const };
    },
  );

  app.post(
    '/logout',
    {
      schema: operations.logout,
      config: { idempotent: false, scope: null },
    },
    async (request, reply) => {
      const credential = request.viewer?.credential;
      if (credential !== undefined) await endSession(request.acting(), credential.id);
      // The session of a cookie that was sent along with an access token continues.
      if (credential?.kind !== 'token') await dropCookie(request, reply);
      return { status: 'logged_out' as const };
    },
  );

  app.get(
    '/session',
    { schema: operations.session, config: { scope: 'me:read' } },
    async ({ viewer }) =>
      viewer === null
        ? { status: 'not_logged_in' as const }
        : { status: 'logged_in' as const, username: viewer.username },
  );

  app.get('/csrf', { schema: operations.csrf }, async (request, reply) => ({
    csrf_token: reply.generateCsrf({ userInfo: (await openSession(request)).sessionId }),
  }));
};

export default routes;
