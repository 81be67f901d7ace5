import t from 'tap';
import { createTestApp } from '#test/support/app.js';

t.test('every answer of every route can be serialized', async (t) => {
  const { app } = await createTestApp(t, { APP_ENV: 'development', PLAYGROUND: true });
  app.compileSerializers();
  t.pass('all of them were compiled');
});

t.test('a shape that cannot be serialized is found when all are compiled', async (t) => {
  const impossible = { type: 'object', properties: { it: { $ref: 'nowhere#' } } };
  const { app } = await createTestApp(
    t,
    {},
    {
      routes: (instance) => {
        const schema = { response: { 200: impossible } };
        instance.get('/impossible', { schema }, async () => ({ it: 1 }));
      },
    },
  );
  t.throws(() => app.compileSerializers(), /nowhere/);
});
