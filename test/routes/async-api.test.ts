import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { projectRoot } from '#src/lib/project-root.js';
import { createTestApp } from '#test/support/app.js';
import { contract } from '#test/support/contract.js';

const { client } = await createTestApp(t);

interface Document {
  asyncapi: string;
  info: { title: string; version: string };
  operations: Record<string, { action: string; messages: { $ref: string }[] }>;
  components: Record<'messages' | 'schemas', Record<string, { payload?: { $ref: string } }>>;
}

t.test('serves the messages of the WebSocket as an AsyncAPI document', async (t) => {
  const reply = await client().get('/asyncapi.json');
  t.equal(reply.status, 200);
  t.match(reply.headers['content-type'], 'application/json');
  const document = reply.json as Document;
  t.equal(document.asyncapi, '3.1.0');
  t.match(document.info, { title: /Althing/, version: String });

  const named = (operation: string) =>
    document.operations[operation]?.messages.map(({ $ref }) => $ref.split('/').at(-1)).sort();
  t.same(named('receive'), [
    'LiveLook',
    'LivePing',
    'LiveSignIn',
    'LiveSubscribe',
    'LiveUnsubscribe',
  ]);
  t.same(named('send'), [
    'LiveEventMessage',
    'LiveFault',
    'LiveLooking',
    'LivePong',
    'LivePresence',
    'LiveReady',
    'LiveResync',
    'LiveSubscribed',
    'LiveUnsubscribed',
  ]);

  const references = [...reply.text.matchAll(/"\$ref":"#\/([^"]+)"/g)].map(([, path = '']) => path);
  t.ok(references.length > 20);
  for (const path of references) {
    const found = path
      .split('/')
      .reduce<unknown>((at, key) => (at as Record<string, unknown> | undefined)?.[key], document);
    t.ok(found, path);
  }
  t.equal(references.length, reply.text.match(/"\$ref"/g)?.length, 'no reference leads elsewhere');
  t.ok('LiveEvent' in document.components.schemas && 'Author' in document.components.schemas);
  t.notMatch(reply.text, '"$id"');
});

t.test('matches the committed document, with the address of the request', async (t) => {
  const committed = readFileSync(join(projectRoot, 'openapi/asyncapi.json'), 'utf8');
  const { json } = await client().get('/asyncapi.json', { host: '127.0.0.1:8000' });
  t.equal(committed, `${JSON.stringify(json, null, 2)}\n`, 'run npm run openapi to update it');
  const { json: other } = await client().get('/asyncapi.json', { host: 'live.example' });
  t.match(other.servers.service, { host: 'live.example', protocol: 'ws' });
});

t.test('the OpenAPI document has the same schemas', async (t) => {
  const { json } = await client().get('/asyncapi.json');
  const schemas = contract.components?.schemas ?? {};
  const names = Object.keys(json.components.schemas);
  t.ok(names.length > 12);
  t.same(
    names.filter((name) => !(name in schemas)),
    [],
  );
  t.ok('LiveClientMessage' in schemas && 'LiveServerMessage' in schemas);
});
