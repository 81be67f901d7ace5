import { deepEqual } from 'node:assert/strict';
import type { Contender } from './contenders.js';
import type { LoadRequest } from './load.js';
import type { Row } from './row.js';
import { requestsFor } from './turns.js';

/**
 * Checks that every contender answers the first request of a row with the row's status, and with
 * the same JSON as the service.
 *
 * @throws AssertionError with both answers
 */
export async function assertAgreement(row: Row, contenders: readonly Contender[]): Promise<void> {
  const answers = await Promise.all(
    contenders.map(async (contender, index) => {
      const [request] = await requestsFor(row, contender);
      if (request === undefined) throw new Error(`${row.name} has no request`);
      return { name: contender.name, ...(await ask(contender.origin, numbered(request, index))) };
    }),
  );
  const [service] = answers;
  for (const { name, status, json } of answers) {
    deepEqual(
      status,
      row.status,
      `${row.name}: ${name} answered ${status} ${JSON.stringify(json)}`,
    );
    if (row.isPlainer || (row.hasOwnErrors && name !== 'L1')) continue;
    if (!row.isWrite) {
      const both = `${JSON.stringify(service?.json)}\n${JSON.stringify(json)}`;
      deepEqual(json, service?.json, `${row.name}: ${name} differs from the service\n${both}`);
    } else {
      deepEqual(Object.keys(json as object).sort(), Object.keys(service?.json as object).sort());
    }
  }
}

async function ask(origin: string, { method, path, headers, body }: LoadRequest) {
  const answer = await fetch(`${origin}${path}`, {
    ...(method && { method }),
    ...(headers && { headers }),
    ...(body && { body }),
  });
  const text = await answer.text();
  // A 304 has the type of the response that it stands for, and no body.
  const isJson = text !== '' && answer.headers.get('content-type')?.includes('json');
  return { status: answer.status, json: isJson ? (JSON.parse(text) as unknown) : text };
}

function numbered({ body, ...request }: LoadRequest, index: number): LoadRequest {
  if (body === undefined) return request;
  const number = `first_${Date.now().toString(36)}_${index}`;
  return { ...request, body: body.replaceAll('{n}', number) };
}
