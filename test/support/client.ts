import type { FastifyInstance, InjectOptions } from 'fastify';
import { projectRoot } from '#src/lib/project-root.js';
import { violation } from './contract.js';
import { remember } from './failing-answers.js';

/** Patterns that no response may contain: password hashes, stack traces, SQL, internal errors. */
const LEAKS = [
  /\$argon2/,
  /\n\s+at .+:\d+:\d+/,
  /(?:insert into|select .+ from|update|delete from) "?(?:users|sessions|refresh_tokens|idempotency_keys)\b/i,
  /node_modules/,
  /violates|relation "|\.s\.PGSQL|ECONNREFUSED|ENOENT/,
];

type Headers = Record<string, string>;

/** A response. `json` is the parsed body; undefined unless the body is JSON. */
export interface Reply {
  status: number;
  headers: Record<string, string | string[] | number | undefined>;
  text: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests assert the shape of responses.
  json: any;
}

/**
 * Calls the app without a socket. Throws if a response violates the contract or leaks internals,
 * so every test is a contract test. Stores cookies like a browser and sends the CSRF token like a
 * page.
 */
export class Client {
  readonly #app: FastifyInstance;
  readonly #headers: Headers;
  readonly #cookies = new Map<string, string>();
  #csrfToken: string | undefined;

  /** @param headers default headers, which a request can override */
  constructor(app: FastifyInstance, headers: Headers = {}) {
    this.#app = app;
    this.#headers = headers;
  }

  /** Returns a new client, without cookies, that adds these headers to the default ones. */
  withHeaders(headers: Headers): Client {
    return new Client(this.#app, { ...this.#headers, ...headers });
  }

  get(url: string, headers: Headers = {}): Promise<Reply> {
    return this.request({ method: 'GET', url, headers });
  }

  post(url: string, body?: unknown, headers: Headers = {}): Promise<Reply> {
    return this.request({ method: 'POST', url, headers, ...payload(body) });
  }

  /** Sends a URL-encoded form. */
  postForm(url: string, fields: Record<string, string>, headers: Headers = {}): Promise<Reply> {
    const form = { 'content-type': 'application/x-www-form-urlencoded' };
    return this.post(url, new URLSearchParams(fields).toString(), { ...form, ...headers });
  }

  put(url: string, body?: unknown, headers: Headers = {}): Promise<Reply> {
    return this.request({ method: 'PUT', url, headers, ...payload(body) });
  }

  patch(url: string, body?: unknown, headers: Headers = {}): Promise<Reply> {
    return this.request({ method: 'PATCH', url, headers, ...payload(body) });
  }

  delete(url: string, headers: Headers = {}): Promise<Reply> {
    return this.request({ method: 'DELETE', url, headers });
  }

  /** Signs in; later requests send the CSRF token of the session. */
  async signIn(username: string, password: string): Promise<Reply> {
    const reply = await this.post('/api/v1/auth/login', { username, password });
    if (reply.status === 200) await this.renewCsrfToken();
    return reply;
  }

  /** Fetches the CSRF token for the current cookies. */
  async renewCsrfToken(): Promise<void> {
    this.#csrfToken = (await this.get('/api/v1/auth/csrf')).json.csrf_token;
  }

  /** Discards the CSRF token, which a page of another origin would not have. */
  dropCsrfToken(): void {
    this.#csrfToken = undefined;
  }

  cookie(name: string): string | undefined {
    return this.#cookies.get(name);
  }

  setCookie(name: string, value: string): void {
    this.#cookies.set(name, value);
  }

  async request(options: InjectOptions & { url: string; method: string }): Promise<Reply> {
    const response = await this.#app.inject({
      ...options,
      cookies: Object.fromEntries(this.#cookies),
      headers: {
        ...this.#headers,
        ...(this.#csrfToken === undefined ? {} : { 'x-csrf-token': this.#csrfToken }),
        ...options.headers,
      },
    } as InjectOptions);
    for (const { name, value, maxAge } of response.cookies) {
      if (maxAge === 0) this.#cookies.delete(name);
      else this.#cookies.set(name, value);
    }
    remember(this.#app, {
      request: `${options.method} ${options.url}`,
      status: response.statusCode,
      text: response.body,
    });
    const contentType = response.headers['content-type'] as string | undefined;
    const problem = violation({
      method: options.method,
      url: options.url,
      status: response.statusCode,
      headers: response.headers,
      body: response.body,
    });
    const leak = contentType?.includes('javascript') ? undefined : findLeak(response.body);
    if (leak !== undefined) {
      throw new Error(
        `The answer tells what it must not: ${leak} in ${response.body.slice(0, 500)}`,
      );
    }
    if (problem !== null) throw new Error(`The answer breaks the contract: ${problem}`);
    return {
      status: response.statusCode,
      headers: response.headers,
      text: response.body,
      json:
        contentType?.startsWith('application/json') && response.body !== ''
          ? response.json()
          : undefined,
    };
  }
}

function findLeak(body: string): string | undefined {
  const pattern = LEAKS.find((each) => each.test(body));
  return pattern?.source ?? (body.includes(projectRoot) ? projectRoot : undefined);
}

function payload(body: unknown): Pick<InjectOptions, 'payload'> {
  return body === undefined ? {} : { payload: body as NonNullable<InjectOptions['payload']> };
}
