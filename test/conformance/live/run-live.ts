import type { AddressInfo } from 'node:net';
import { isDeepStrictEqual } from 'node:util';
import type { WireRequest } from '#test/conformance/recordings.js';
import { buildConformanceService } from '#test/conformance/service.js';
import { Wire, type WireResponse } from '#test/conformance/wire.js';
import { findPython, prepareEnvironment, startFastApi } from './fastapi.js';
import { type Answer, KNOWN, type LiveDifference } from './known.js';
import { planService } from './operations.js';
import { type LiveRequest, makeRequests } from './requests.js';

export interface LiveOptions {
  count: number;
  seed: number;
  /** Runs this request alone. */
  only?: number | undefined;
  say: (line: string) => void;
}

export interface LiveOutcome {
  compared: number;
  /** Differences by known class. */
  known: Map<string, number>;
  differences: LiveDifference[];
}

/** Requests at the same time. Both services run on the same machine. */
const PARALLEL = 6;

/**
 * Sends hostile requests to Althing's validator and to FastAPI, and compares status and body.
 *
 * @throws Unavailable if Python or FastAPI cannot be had
 */
export async function runLive({ count, seed, only, say }: LiveOptions): Promise<LiveOutcome> {
  const python = await findPython();
  const environment = await prepareEnvironment(python);
  const service = planService();
  const app = await buildConformanceService(service.operations, service.schemas);
  await app.listen({ host: '127.0.0.1', port: 0 });
  const { port } = app.server.address() as AddressInfo;
  const fastApi = await startFastApi(environment, service);
  say(`Python ${python.version}, ${fastApi.versions}`);
  const outcome: LiveOutcome = { compared: 0, known: new Map(), differences: [] };
  const requests = makeRequests(service.operations, { count, seed });

  async function work(): Promise<void> {
    const ours = new Client(port);
    const theirs = new Client(fastApi.port);
    for (const request of requests) {
      if (only !== undefined && request.id !== only) continue;
      const [our, their] = await Promise.all([ours.send(request), theirs.send(request)]);
      outcome.compared += 1;
      if (only !== undefined) say(JSON.stringify([request.wire, our, their], null, 1));
      if (isDeepStrictEqual(our, their)) continue;
      const difference = { request, ours: our, theirs: their };
      const known = KNOWN.find(({ applies }) => applies(difference, python));
      if (known === undefined) outcome.differences.push(difference);
      else outcome.known.set(known.name, (outcome.known.get(known.name) ?? 0) + 1);
    }
    ours.close();
    theirs.close();
  }

  try {
    await Promise.all(Array.from({ length: PARALLEL }, work));
  } finally {
    await fastApi.stop();
    await app.close();
  }
  return outcome;
}

/** One connection, opened again if the service has closed it. */
class Client {
  readonly #port: number;
  #wire: Wire | undefined;

  constructor(port: number) {
    this.#port = port;
  }

  close(): void {
    this.#wire?.close();
  }

  async send({ wire: request, operation }: LiveRequest): Promise<Answer> {
    const response = await this.#sendTwice(request);
    if (response === null) return { status: 0, body: 'No answer' };
    if (response.headers['connection']?.toLowerCase() === 'close') this.#drop();
    const { status, text } = response;
    if (operation.silent && status === 200) return { status, body: true };
    return { status, body: comparable(text) };
  }

  /** A connection that was open may have been closed by the service meanwhile. */
  async #sendTwice(request: WireRequest): Promise<WireResponse | null> {
    for (let attempt = 0; attempt < 2; attempt += 1) {
      this.#wire ??= await Wire.open(this.#port);
      try {
        return await this.#wire.send(request);
      } catch {
        this.#drop();
      }
    }
    return null;
  }

  #drop(): void {
    this.#wire?.close();
    this.#wire = undefined;
  }
}

/** Everything but 422 carries a `code` beside FastAPI's `detail`; it is an addition of ours. */
function comparable(text: string): unknown {
  let body: unknown;
  try {
    body = parseExact(text);
  } catch {
    return text;
  }
  if (typeof body !== 'object' || body === null || !('detail' in body)) return body;
  return typeof body.detail === 'string' ? { detail: body.detail } : body;
}

const TOKEN = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;

/** Parses JSON with large integers as texts, so that all of their digits are compared. */
function parseExact(text: string): unknown {
  const exact = text.replace(TOKEN, (token) => {
    if (token.startsWith('"')) return token;
    const value = Number(token);
    if (Number.isSafeInteger(value)) return String(value);
    if (/^-?\d+$/.test(token)) return JSON.stringify(`number ${BigInt(token)}`);
    return Number.isInteger(value) ? JSON.stringify(`number ${BigInt(value)}`) : token;
  });
  return JSON.parse(exact);
}
