import t from 'tap';
import { createTestApp } from '#test/support/app.js';

const { client } = await createTestApp(t);

t.test('answers health checks', async (t) => {
  t.same((await client().get('/health')).json, { status: 'healthy' });
  t.same((await client().get('/ready')).json, { status: 'ready' });
  t.equal((await client().get('/status')).text, 'System operational');
  t.match((await client().get('/api/v1/status')).json, { status: 'ok', version: String });
  for (const { url } of (await client().get('/api')).json.versions) {
    t.match((await client().get(url)).json, { framework: 'Fastify' }, url);
  }
  t.same((await client().get('/api')).json, {
    versions: [
      { version: 'v1', url: '/api/v1/' },
      { version: 'v2', url: '/api/v2/' },
    ],
  });
});
