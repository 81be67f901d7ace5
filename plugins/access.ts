import type {
  FastifyRequest,
  onRequestAsyncHookHandler,
  preHandlerAsyncHookHandler,
} from 'fastify';
import fp from 'fastify-plugin';
import { ApiError } from '../src/errors.js';
import type { Viewer } from '../src/services/viewer.js';

/** Who may call an operation. */
export type Access = 'public' | 'user' | 'admin';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Who may call this operation; anyone, if it is left out. */
    access?: Access;
  }
}

/** Bytes from which on a body is not read for somebody who may not send it. */
const LARGE_BODY = 1024 * 1024;

/** Refuses, after validation and before the handler, whoever may not call the operation. */
export default fp(
  async (app) => {
    app.addHook('onRoute', (route) => {
      const access = route.config?.access ?? 'public';
      if (access === 'public') return;
      route.preHandler = [guard(access), ...[route.preHandler ?? []].flat()];
      // A stranger's request is checked before it is refused, as FastAPI does, but not read at length.
      if ((route.bodyLimit ?? 0) > LARGE_BODY) {
        route.onRequest = [requireViewer, ...[route.onRequest ?? []].flat()];
      }
    });
  },
  { name: 'access', dependencies: ['sessions', 'validation'] },
);

/** The viewer of an operation that only somebody signed in can reach. */
function viewerOf(request: FastifyRequest): Viewer {
  if (request.viewer === null) throw new ApiError('not_authenticated');
  return request.viewer;
}

const requireViewer: onRequestAsyncHookHandler = async (request) => {
  viewerOf(request);
};

function guard(access: 'user' | 'admin'): preHandlerAsyncHookHandler {
  return async (request) => {
    const { role } = viewerOf(request);
    if (access === 'admin' && role !== 'admin') throw new ApiError('forbidden');
  };
}
