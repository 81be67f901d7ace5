import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { dropCookie, signIn } from '#plugins/sessions.js';
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
      'Begins a session and sets its cookie. The answer is the same whether the user is unknown, ' +
      'may not sign in, or the password is wrong. After some failures, for one account or from one ' +
      'address, 429 says in `Retry-After` how many seconds to wait, and each further failure ' +
      'doubles them, up to 15 minutes. An `Idempotency-Key` is ignored here: signing in ' +
      'twice does no harm, and an answer that sets a cookie must not be kept.',
    tags,
    body: Ref(Login),
    response: { 200: Ref(LoginStatus) },
  },
  logout: {
    operationId: 'auth-logout',
    summary: 'Sign out',
    description: 'Ends the session, if there is one, and clears its cookie.',
    tags,
    response: { 200: Ref(LogoutStatus) },
  },
  session: {
    operationId: 'auth-session',
    summary: 'Who am I?',
    description: 'Says whether the caller is signed in, and as whom.',
    tags,
    response: { 200: Ref(SessionStatus) },
  },
  csrf: {
    operationId: 'auth-csrf',
    summary: 'A CSRF token',
    description:
      'The token that `X-CSRF-Token` has to carry with every POST, PUT, PATCH and DELETE of a ' +
      'session. It belongs to the session: after signing in, get a new one.',
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
        // Whoever signs in anew may still carry the cookie of an old session.
        csrf: false,
        errors: [401],
        sends: ['Set-Cookie'],
        rateLimit: { max: perMinute, timeWindow: '1 minute' },
      },
    },
    async (request) => {
      const { body } = request;
      const user = await authenticate(request.context(), body);
      await signIn(request, user, { remember: body.remember });
      return { status: 'login_ok' as const };
    },
  );

  app.post(
    '/logout',
    { schema: operations.logout, config: { idempotent: false, sends: ['Set-Cookie'] } },
    async (request, reply) => {
      if (request.viewer !== null) {
        await endSession(request.acting(), request.viewer.credential.id);
      }
      await dropCookie(request, reply);
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
    csrf_token: reply.generateCsrf({ userInfo: request.session.sessionId }),
  }));
};

export default routes;
