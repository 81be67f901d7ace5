import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { parse } from 'yaml';
import { renderEnvExample } from '#app/cli/docs.js';
import { ConfigSchema } from '#app/config-schema.js';
import { projectRoot } from '#src/lib/project-root.js';

const text = readFileSync(join(projectRoot, 'docker-compose.yml'), 'utf8');
const { services } = parse(text) as {
  services: Record<string, { environment?: object; env_file?: unknown; ports?: string[] }>;
};
const documented = new Set(
  [...renderEnvExample().matchAll(/^# ([A-Z_]+)=/gm)].map(([, name = '']) => name),
);

t.test('passes every variable of .env.example to the service', async (t) => {
  t.same(services['app']?.env_file, [{ path: '.env', required: false }]);
  t.same(
    [...Object.keys(ConfigSchema.properties)].filter((name) => !documented.has(name)),
    [],
  );
  // A value here overrides that of the file, so only what the container itself decides stands here.
  const fixed = Object.keys(services['app']?.environment ?? {});
  t.same(fixed.sort(), [
    'APP_ENV',
    'DATABASE_URL',
    'HOST',
    'JWT_SECRET',
    'NODE_ENV',
    'PGPASSWORD',
    'PORT',
    'SECRET_KEY',
  ]);
});

t.test('reads only documented variables', async (t) => {
  const read = [...text.matchAll(/\$\{(\w+)/g)].map(([, name = '']) => name);
  t.ok(read.includes('POSTGRES_PASSWORD') && read.includes('DOCKER_PORT'));
  t.same(
    read.filter((name) => !documented.has(name)),
    [],
  );
  t.same(services['app']?.ports, [`127.0.0.1:\${DOCKER_PORT:-8000}:8000`]);
});
