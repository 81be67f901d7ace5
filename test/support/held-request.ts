import { request } from 'node:http';

export interface HeldReply {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  text: string;
}

/**
 * Sends the headers of a request at once, and its body on `release`. On return, the service has
 * looked up the session and waits for the body.
 */
export async function holdRequest(
  origin: string,
  path: string,
  headers: Record<string, string>,
  body: string,
): Promise<{ release(): Promise<HeldReply> }> {
  const call = request(`${origin}${path}`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
      ...headers,
    },
  });
  const reply = new Promise<HeldReply>((resolve, reject) => {
    call.on('error', reject);
    call.on('response', async (response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of response) chunks.push(chunk);
      resolve({
        status: response.statusCode ?? 0,
        headers: response.headers,
        text: Buffer.concat(chunks).toString(),
      });
    });
  });
  call.flushHeaders();
  // The health check queues behind the hooks that run before the body.
  await fetch(`${origin}/health`);
  await new Promise((resolve) => setTimeout(resolve, 100));
  return {
    release: () => {
      call.end(body);
      return reply;
    },
  };
}
