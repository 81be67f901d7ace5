import type { FastifyPluginAsync } from 'fastify';
import bodies from './bodies.js';
import failures from './failures.js';
import parameters from './parameters.js';
import requests from './requests.js';
import responses from './responses.js';
import stream from './stream.js';
import upstream from './upstream.js';
import echoSocket, { type EchoOptions } from './websocket.js';

export interface PlaygroundOptions {
  production: boolean;
  /** The URL of the upstream service whose JSON is forwarded. */
  upstreamUrl: string | undefined;
  /** Overrides the limits of WebSockets. */
  socketLimits?: EchoOptions['limits'];
}

/**
 * Sample operations for testing API clients. Nothing here acts on behalf of a session or changes
 * anything, so no operation requires a CSRF token. Secrets in a request are never returned.
 */
const routes: FastifyPluginAsync<PlaygroundOptions> = async (app, options) => {
  const { production, upstreamUrl, socketLimits: limits } = options;
  const prefix = '/playground';
  await app.register(parameters, { prefix });
  await app.register(requests, { prefix, production });
  await app.register(bodies, { prefix });
  await app.register(responses, { prefix });
  await app.register(stream, { prefix });
  await app.register(failures, { prefix });
  await app.register(upstream, { prefix, url: upstreamUrl });
  await app.register(echoSocket, { prefix: '/ws', limits });
};

export default routes;
