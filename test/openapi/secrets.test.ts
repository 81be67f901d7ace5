import type { OpenAPIV3_1 } from 'openapi-types';
import t from 'tap';
import { createTestApp } from '#test/support/app.js';
import type { Client } from '#test/support/client.js';
import { contract, resolve } from '#test/support/contract.js';
import { type Operation, operationsOf } from '#test/support/generate-request.js';
import { recordLog } from '#test/support/log.js';
import { Problems } from '#test/support/problems.js';

type Schema = OpenAPIV3_1.SchemaObject;
type Fields = Record<string, unknown>;

/** A body to send: its content type, if any, and its bytes. */
interface Sent {
  type?: string;
  text: string;
}

/** Stands for a password. A valid one, so that it also passes as a value. */
const MARKER = 'Marker-7319-Secret!';
const NUMBER = 731_973_197_319;
const SECRET = new RegExp(`${MARKER}|${encodeURIComponent(MARKER)}|${NUMBER}`);

const JSON_TYPE = 'application/json';
const FORM_TYPE = 'application/x-www-form-urlencoded';

interface SecretBody {
  operation: Operation;
  type: string;
  example: Fields;
  /** The names of the fields that are never sent back. */
  secrets: string[];
}

const bodies = operationsOf(contract).flatMap((operation): SecretBody[] => {
  const body = operation.operation.requestBody;
  if (body === undefined) return [];
  const [content] = Object.entries(resolve<OpenAPIV3_1.RequestBodyObject>(body).content);
  if (content?.[1].schema === undefined) return [];
  const [type, { schema = {} }] = content;
  const { properties = {}, examples = [] } = resolve<Schema>(schema);
  const secrets = Object.entries(properties).flatMap(([name, property]) =>
    isSecret(resolve<Schema>(property)) ? [name] : [],
  );
  return secrets.length === 0 ? [] : [{ operation, type, example: examples[0] as Fields, secrets }];
});

function isSecret({ format, writeOnly }: Schema): boolean {
  return format === 'password' || writeOnly === true;
}

/** Values that have the marker in every position. */
const HIDING_PLACES: unknown[] = [
  MARKER,
  NUMBER,
  MARKER.repeat(500),
  [MARKER],
  [[NUMBER, MARKER]],
  { password: MARKER },
  { a: { b: [{ c: MARKER }] } },
  { [MARKER]: MARKER },
  { [MARKER]: null },
];

/** Returns the names under which a client may send a field by mistake. */
function wrongNames(name: string): string[] {
  return [
    name.toUpperCase(),
    name.charAt(0).toUpperCase() + name.slice(1),
    name.replaceAll('_', ''),
    name.slice(1),
    ` ${name}`,
    `${name}[]`,
    `user.${name}`,
    '__proto__',
    '',
  ];
}

/** Returns values of a wrong shape, made of the example. */
function* wrongValues({ example, secrets, type }: SecretBody): Generator<unknown> {
  const marked: Fields = { ...example };
  for (const name of secrets) marked[name] = MARKER;
  // A form has no structure, so the marker would be a valid text of another field.
  const names = type === JSON_TYPE ? Object.keys(example) : [];
  yield* HIDING_PLACES;
  yield [marked];
  yield { data: marked, user: [marked] };
  for (const name of names) {
    const { [name]: _, ...others } = marked;
    yield others;
    // A text in a list of texts is in its place, as a text in a field of texts is.
    const isTexts = Array.isArray(example[name]);
    for (const place of HIDING_PLACES.filter((each) => typeof each === 'object')) {
      if (isTexts && Array.isArray(place)) continue;
      yield { ...marked, [name]: place };
      yield { [name]: place };
    }
    yield { ...marked, [name]: null };
    yield { ...marked, [name]: marked };
  }
  for (const name of secrets) {
    const { [name]: _, ...others } = marked;
    for (const place of HIDING_PLACES) {
      yield { [name]: place };
      yield { ...others, [name]: place };
    }
    for (const wrong of wrongNames(name)) {
      for (const place of [MARKER, { a: [NUMBER, MARKER] }]) {
        yield Object.fromEntries([...Object.entries(others), [wrong, place]]);
      }
    }
  }
}

/** Returns the body of an operation in wrong ways. */
function* wrongBodies(body: SecretBody): Generator<Sent> {
  const { type, example, secrets } = body;
  for (const value of wrongValues(body)) {
    const text = JSON.stringify(value);
    yield { type: JSON_TYPE, text };
    if (type === JSON_TYPE) continue;
    yield { type, text };
    yield { type, text: urlencoded(value) };
    yield multipart(value, false);
    yield multipart(value, true);
  }
  const marked: Fields = { ...example };
  for (const name of secrets) marked[name] = MARKER;
  const json = JSON.stringify(marked);
  const form = urlencoded(marked);
  for (const text of [json, form, MARKER, `"${MARKER}"`, `[${json}]`, `${json}${json}`]) {
    for (const wrong of [undefined, 'text/plain', 'application/xml', 'x', '', FORM_TYPE]) {
      yield { ...(wrong !== undefined && { type: wrong }), text };
    }
    yield { type: JSON_TYPE, text: text.slice(0, -1) };
    yield { type: `${JSON_TYPE}; charset=latin1`, text: `${text} ` };
    yield { type: 'application/vnd.x+json', text };
  }
  yield { type: FORM_TYPE, text: `${form}&${form}` };
  yield { type: FORM_TYPE, text: form.replaceAll('=', '') };
  yield multipart(marked, false);
  yield multipart(marked, true);
}

function urlencoded(value: unknown): string {
  const form = new URLSearchParams();
  for (const [name, item] of Object.entries(value as Fields)) {
    for (const each of [item].flat()) form.append(name, textOf(each));
  }
  return form.toString();
}

function multipart(value: unknown, asFiles: boolean): Sent {
  const parts = Object.entries(value as Fields).map(([name, item]) =>
    [
      '--x',
      `Content-Disposition: form-data; name="${name}"${asFiles ? `; filename="${MARKER}"` : ''}`,
      ...(asFiles ? ['Content-Type: text/plain'] : []),
      '',
      `${textOf(item)}\r\n`,
    ].join('\r\n'),
  );
  return { type: 'multipart/form-data; boundary=x', text: `${parts.join('')}--x--\r\n` };
}

const textOf = (value: unknown) => (typeof value === 'string' ? value : JSON.stringify(value));

t.test('finds the operations with secrets', async (t) => {
  const found = bodies.map(({ operation: { id }, secrets }) => [id, ...secrets].join(' '));
  t.same(found.sort(), [
    'api-keys-create current_password',
    'auth-login password',
    'emails-change password',
    'emails-confirm token password',
    'me-delete password',
    'passwords-change current_password new_password confirm_password',
    'passwords-check password',
    'passwords-reset token new_password confirm_password',
    'playground-form password',
    'projects-accept-invitation-by-token token',
    'registrations-create password confirm_password',
    'tokens-create password refresh_token client_secret',
    'tokens-refresh refresh_token',
    'tokens-revoke token',
    'users-create password',
  ]);
});

t.test('never sends a secret back', async (t) => {
  const { logger, lines } = recordLog();
  const { signedIn } = await createTestApp(t, { PLAYGROUND: true }, { logger });
  const user = await signedIn({ username: 'user', email: 'user@example.com' });
  const problems = new Problems();
  const statuses = new Set<number>();
  let number = 0;
  for (const body of bodies) {
    for (const sent of wrongBodies(body)) {
      number += 1;
      const { status, text } = await send(user, body, sent, number);
      statuses.add(status);
      const shown = `${body.operation.id} ${sent.type}: ${sent.text.slice(0, 100)}`;
      problems.unless(status < 500, `${shown} got ${status}`);
      problems.unless(!SECRET.test(text), `${shown} got ${text.slice(0, 300)}`);
    }
  }
  t.comment(`${number} requests`);
  problems.assertNone(t, 'answers');
  t.ok(statuses.has(422));
  t.notMatch(JSON.stringify(lines), SECRET, 'nor does the log contain one');
});

function send(caller: Client, { operation }: SecretBody, { type, text }: Sent, number: number) {
  const { method, path } = operation;
  return caller.request({
    method: method as 'POST',
    url: `${path}?password=${MARKER}`,
    headers: {
      ...(type !== undefined && { 'content-type': type }),
      'accept-language': number % 2 === 0 ? 'zh' : 'en',
    },
    payload: text,
  });
}
