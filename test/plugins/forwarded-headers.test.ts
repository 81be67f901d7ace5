import t from 'tap';
import { createTestApp } from '#test/support/app.js';
import { recordLog } from '#test/support/log.js';

const MINUTE = 60 * 1000;
const SAMPLES = {
  'x-forwarded-for': '203.0.113.7',
  'x-forwarded-proto': 'https',
  'x-forwarded-host': 'private.example',
  forwarded: 'for=203.0.113.7;host=private.example',
};

for (const [name, value] of Object.entries(SAMPLES)) {
  t.test(`warns of ${name} once an hour if no proxy is trusted`, async (t) => {
    const { logger, lines } = recordLog();
    const warnings = () => lines.filter(({ level }) => level === 40);
    const { client, clock } = await createTestApp(t, { APP_ENV: 'production' }, { logger });
    await client().get('/health');
    t.same(warnings(), []);
    for (const url of ['/health', '/nowhere', '/api/v1/posts']) {
      await client().get(url, { [name]: value });
    }
    t.equal(warnings().length, 1);
    t.match(warnings()[0]?.['msg'], /no proxy is trusted.*TRUST_PROXY/s);
    t.match(warnings()[0]?.['msg'], name, 'names the header');
    t.notMatch(JSON.stringify(warnings()), /203\.0\.113|127\.0\.0\.1|private/, 'no personal data');
    clock.advance(61 * MINUTE);
    await client().get('/health', { [name]: value });
    await client().get('/health', { [name]: value });
    t.equal(warnings().length, 2);
  });
}

t.test('does not warn if a proxy is trusted', async (t) => {
  const { logger, lines } = recordLog();
  for (const TRUST_PROXY of ['1', '127.0.0.1', '10.0.0.0/8']) {
    const { client } = await createTestApp(t, { TRUST_PROXY }, { logger });
    await client().get('/health', SAMPLES);
  }
  t.same(
    lines.filter(({ level }) => level === 40),
    [],
  );
});
