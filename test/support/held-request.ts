import { request } from 'node:http';

export interface HeldReply {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  text: string;
}

/**
 * A request whose headers are sent at once and whose body only when it is released: the service
 * has looked up the session, and waits.
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
  // The hooks before the body run now; a health check behind it on the same process has to wait.
  await fetch(`${origin}/health`);
  await new Promise((resolve) => setTimeout(resolve, 100));
  return {
    release: () => {
      call.end(body);
      return reply;
    },
  };
}
