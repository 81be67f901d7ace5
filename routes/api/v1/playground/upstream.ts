import type { FastifyPluginAsync } from 'fastify';
import { PlaygroundUpstream } from '#schemas/playground-responses.js';
import { Ref } from '#schemas/types.js';
import { ApiError } from '#src/errors.js';
import { tags } from './tags.js';

const TIMEOUT_MS = 3000;
const MAX_BYTES = 1024 * 1024;

const operation = {
  operationId: 'playground-upstream',
  summary: 'Fetch from the upstream',
  description:
    'Fetches the configured upstream URL and returns its JSON. Responds with 404 if no ' +
    'upstream is configured; 502 if the upstream is unreachable, fails, or returns anything ' +
    `but JSON; 504 if it takes longer than ${TIMEOUT_MS / 1000} s.`,
  tags,
  response: { 200: Ref(PlaygroundUpstream) },
} as const;

const routes: FastifyPluginAsync<{ url: string | undefined }> = async (app, { url }) => {
  const config = { errors: [404, 502, 504] } as const;
  app.get('/upstream', { schema: operation, config }, async (_request, reply) => {
    if (url === undefined) throw new ApiError('no_upstream');
    reply.type('application/json; charset=utf-8');
    return fetchJson(url);
  });
};

/**
 * The JSON of the URL, as text. Redirects are not followed, because they could lead to any host.
 */
async function fetchJson(url: string): Promise<string> {
  try {
    const answer = await fetch(url, {
      redirect: 'error',
      headers: { accept: 'application/json' },
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    if (!answer.ok) throw new Error(`The upstream answered ${answer.status}`);
    const text = await readText(answer);
    JSON.parse(text);
    return text;
  } catch (cause) {
    const isTimeout = cause instanceof Error && cause.name === 'TimeoutError';
    throw new ApiError(isTimeout ? 'gateway_timeout' : 'bad_gateway', { cause });
  }
}

async function readText(answer: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of answer.body ?? []) {
    size += chunk.length;
    if (size > MAX_BYTES) throw new Error('The upstream answered too much');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

export default routes;
