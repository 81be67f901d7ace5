import type {
  FastifyContextConfig,
  FastifyRequest,
  onRequestAsyncHookHandler,
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
 * Who may call an operation: anyone, whoever has signed in, the owner of what its path names
 * (and administrators), or whoever has a permission.
 */
export type Access = 'public' | 'user' | 'owner' | Permission;

/** The user to whom the resource with this id belongs; null if there is none. */
export type FindOwner = (context: Context, id: number) => Promise<number | null>;

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Who may call this operation; anyone, if it is left out. */
    access?: Access;
    /** With `access: 'owner'`: whose the resource is that `:id` in the path names. */
    ownerOf?: FindOwner;
  }
}

/** Bytes from which on a body is not read for somebody who may not send it. */
const LARGE_BODY = 1024 * 1024;

/** Refuses, after validation and before the handler, whoever may not call the operation. */
export default fp(
  async (app) => {
    app.addHook('onRoute', (route) => {
      const { access = 'public', scope } = route.config ?? {};
      if (access === 'public' && scope === undefined) return;
      assertComplete(route.url, route.config ?? {});
      route.preHandler = [guard(route.config ?? {}), ...[route.preHandler ?? []].flat()];
      // A stranger's request is checked before it is refused, as FastAPI does, but not read at length.
      if (access !== 'public' && (route.bodyLimit ?? 0) > LARGE_BODY) {
        route.onRequest = [requireViewer, ...[route.onRequest ?? []].flat()];
      }
    });
  },
  { name: 'access', dependencies: ['sessions', 'authentication', 'validation'] },
);

/** The viewer of an operation that only somebody signed in can reach. */
export function viewerOf(request: FastifyRequest): Viewer {
  if (request.viewer === null) throw new ApiError('not_authenticated');
  return request.viewer;
}

const requireViewer: onRequestAsyncHookHandler = async (request) => {
  viewerOf(request);
};

/** An operation that forgot to say what keys may do, or whose the resource is, must not start. */
function assertComplete(url: string, { access, scope, ownerOf }: FastifyContextConfig): void {
  if (scope === undefined) throw new TypeError(`${url} declares an access but no scope`);
  if ((access === 'owner') !== (ownerOf !== undefined)) {
    throw new TypeError(`${url} declares an owner without a way to find them, or the reverse`);
  }
}

function guard({
  access = 'public',
  scope = null,
  ownerOf,
}: FastifyContextConfig): preHandlerAsyncHookHandler {
  return async (request) => {
    if (request.viewer !== null) checkScope(request.viewer, scope);
    if (access === 'public') return;
    const viewer = viewerOf(request);
    if (access === 'user') return;
    if (access === 'owner') {
      const { id } = request.params as { id: number };
      assertOwner(viewer, (await ownerOf?.(request.context(), id)) ?? null);
    } else if (!mayDo(viewer, access)) {
      throw new ApiError(access === 'admin' ? 'admin_required' : 'forbidden');
    }
  };
}

/** A key is good for its scopes and nothing else, also where anyone may read. */
function checkScope(viewer: Viewer, scope: Scope | null): void {
  if (scope !== null) assertScope(viewer, scope);
  else if (viewer.credential.kind === 'key') throw new ApiError('key_not_allowed');
}
