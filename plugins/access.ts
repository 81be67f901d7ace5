import type { FastifyRequest, preHandlerAsyncHookHandler } from 'fastify';
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

/** Refuses, after validation and before the handler, whoever may not call the operation. */
export default fp(
  async (app) => {
    app.addHook('onRoute', (route) => {
      const access = route.config?.access ?? 'public';
      if (access === 'public') return;
      route.preHandler = [guard(access), ...[route.preHandler ?? []].flat()];
    });
  },
  { name: 'access', dependencies: ['sessions', 'validation'] },
);

/** The viewer of an operation that only somebody signed in can reach. */
export function viewerOf(request: FastifyRequest): Viewer {
  if (request.viewer === null) throw new ApiError('not_authenticated');
  return request.viewer;
}

function guard(access: 'user' | 'admin'): preHandlerAsyncHookHandler {
  return async (request) => {
    const { role } = viewerOf(request);
    if (access === 'admin' && role !== 'admin') throw new ApiError('forbidden');
  };
}
