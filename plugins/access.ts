import type {
  FastifyContextConfig,
  FastifyRequest,
  onRequestHookHandler,
  preHandlerAsyncHookHandler,
} from 'fastify';
import fp from 'fastify-plugin';
import type { Permission } from '#schemas/roles.js';
import type { Scope } from '#schemas/scopes.js';
import type { Context } from '#src/access/context.js';
import { assertOwner, assertScope } from '#src/access/ownership.js';
import { mayDo, type Viewer } from '#src/access/viewer.js';
import { ApiError } from '#src/errors.js';

/**
 * Who may call an operation: anyone, any authenticated user, the owner of the resource in its path
 * (and administrators), or users with a permission.
 */
export type Access = 'public' | 'user' | 'owner' | Permission;

/** Returns the id of the resource's owner; null if the resource does not exist. */
export type FindOwner = (context: Context, id: number) => Promise<number | null>;

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Who may call this operation; default: anyone. */
    access?: Access;
    /** Finds the owner of the resource that `:id` identifies. Required by `access: 'owner'`. */
    ownerOf?: FindOwner;
  }
}

/**
 * Enforces the `access` and `scope` of operations: before the body is read, except that the owner of
 * a resource is looked up after validation.
 */
export default fp(
  async (app) => {
    app.addHook('onRoute', (route) => {
      const { access = 'public', scope } = route.config ?? {};
      if (access === 'public' && scope === undefined) return;
      assertComplete(route.url, route.config ?? {});
      route.onRequest = [...[route.onRequest ?? []].flat(), guard(route.config ?? {})];
      const { ownerOf } = route.config ?? {};
      if (ownerOf !== undefined) {
        route.preHandler = [ownerGuard(ownerOf), ...[route.preHandler ?? []].flat()];
      }
    });
  },
  { name: 'access', dependencies: ['sessions', 'authentication', 'csrf'] },
);

/** Returns the authenticated user. @throws ApiError not_authenticated if there is none */
export function viewerOf(request: FastifyRequest): Viewer {
  if (request.viewer === null) throw new ApiError('not_authenticated');
  return request.viewer;
}

/**
 * Makes an incomplete declaration fail at startup.
 *
 * @throws TypeError without a scope or an owner lookup
 */
function assertComplete(url: string, { access, scope, ownerOf }: FastifyContextConfig): void {
  if (scope === undefined) throw new TypeError(`${url} declares an access but no scope`);
  if ((access === 'owner') !== (ownerOf !== undefined)) {
    throw new TypeError(`${url} must declare both access: 'owner' and ownerOf, or neither`);
  }
}

function guard({ access = 'public', scope = null }: FastifyContextConfig): onRequestHookHandler {
  return (request, _reply, done) => {
    // Fastify sends what a hook throws.
    if (request.viewer !== null) checkScope(request.viewer, scope);
    if (access === 'public') return done();
    const viewer = viewerOf(request);
    if (access === 'user' || access === 'owner' || mayDo(viewer, access)) return done();
    done(new ApiError(access === 'admin' ? 'admin_required' : 'forbidden'));
  };
}

function ownerGuard(ownerOf: FindOwner): preHandlerAsyncHookHandler {
  return async (request) => {
    const { id } = request.params as { id: number };
    assertOwner(viewerOf(request), await ownerOf(request.context(), id));
  };
}

/** API keys are limited to their scopes, even where anyone may read. */
function checkScope(viewer: Viewer, scope: Scope | null): void {
  if (scope !== null) assertScope(viewer, scope);
  else if (viewer.credential.kind === 'key') throw new ApiError('key_not_allowed');
}
