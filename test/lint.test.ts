import { execFile } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import t from 'tap';
import { projectRoot } from '#src/lib/project-root.js';
import { temporaryDirectory } from '#test/src/db/embedded/support.js';

type Sample = [file: string, imported: string];

/** Imports against the direction of the layers, through the wall of a wing, or around a door. */
const REFUSED: Sample[] = [
  ['schemas/a.ts', '#src/errors.js'],
  ['schemas/b.ts', 'fastify'],
  ['routes/a.ts', '#app/app.js'],
  ['routes/b.ts', 'kysely'],
  ['routes/c.ts', '#src/db/database.js'],
  ['routes/d.ts', '#bench/main.js'],
  ['plugins/a.ts', '#routes/system.js'],
  ['src/a.ts', 'fastify'],
  ['src/b.ts', '#src/people/stores/users.js'],
  ['src/people/a.ts', '#src/articles/stores/posts.js'],
  ['src/people/b.ts', 'kysely/helpers/postgres'],
  ['src/people/other/a.ts', '#src/articles/stores/posts.js'],
  ['src/people/services/a.ts', '#src/articles/services/posts.js'],
  ['src/people/services/b.ts', './../../articles/services/posts.js'],
  ['src/people/services/c.ts', '../stores/users.js'],
  ['src/people/services/d.ts', 'kysely/helpers/postgres'],
  ['src/people/services/e.ts', '#plugins/access.js'],
  ['src/people/stores/a.ts', '#src/people/services/users.js'],
  ['src/people/lib/a.ts', '#src/queue/store.js'],
  ['src/people/lib/b.ts', 'pg-cursor'],
  ['src/people/jobs/a.ts', '#src/articles/jobs/reindex-tag.js'],
  ['src/work/services/a.ts', '#src/people/services/users.js'],
  ['src/access/a.ts', 'kysely'],
  ['src/cache/a.ts', '#src/articles/stores/posts.js'],
  ['src/trash/a.ts', '#src/articles/services/trash.js'],
  ['src/trash/b.ts', 'kysely'],
  ['src/markdown/a.ts', '#src/articles/services/posts.js'],
  ['src/search/a.ts', 'kysely'],
  ['src/db/a.ts', '#src/queue/install.js'],
  ['src/lib/a.ts', '#src/errors.js'],
  ['src/errors.ts', '#src/lib/validation/messages.js'],
];

const ALLOWED: Sample[] = [
  ['routes/e.ts', '#src/people/services/users.js'],
  ['plugins/b.ts', '#src/people/services/users.js'],
  ['src/people/services/f.ts', '#src/people/stores/users.js'],
  ['src/people/services/g.ts', './users.js'],
  ['src/people/services/h.ts', '#src/access/context.js'],
  ['src/people/stores/b.ts', 'kysely'],
  ['src/queue/a.ts', '#src/db/database.js'],
  ['src/lib/c.ts', '#schemas/types.js'],
  ['src/search/search-sql.ts', 'kysely'],
];

/** Returns the files in which the linter refuses an import. */
function refusedFiles(folder: string): Promise<string[]> {
  const biome = createRequire(import.meta.url).resolve('@biomejs/biome/bin/biome');
  const args = [biome, 'lint', '--only=style/noRestrictedImports', '--reporter=json', '.'];
  return new Promise((resolve) => {
    execFile(process.execPath, args, { cwd: folder }, (_error, stdout) => {
      const { diagnostics } = JSON.parse(stdout) as {
        diagnostics: { location: { path: string | { file: string } } }[];
      };
      const files = diagnostics.map(({ location: { path } }) =>
        typeof path === 'string' ? path : path.file,
      );
      resolve(files.map((file) => file.replace(/^\.\//, '')).sort());
    });
  });
}

t.test('refuses imports against the layers and through the walls', async (t) => {
  const folder = temporaryDirectory(t);
  const config = JSON.parse(readFileSync(join(projectRoot, 'biome.json'), 'utf8'));
  const { vcs: _vcs, $schema: _schema, ...rules } = config;
  writeFileSync(join(folder, 'biome.json'), JSON.stringify(rules));
  for (const [file, imported] of [...REFUSED, ...ALLOWED]) {
    const path = join(folder, file);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, `import { x } from '${imported}';\nexport const y = x;\n`);
  }
  t.same(await refusedFiles(folder), REFUSED.map(([file]) => file).sort());
});

/** Fastify's own addresses of a client, which differ from `request.address` behind a proxy. */
const FASTIFY_ADDRESS = /(?:\.|\[['"]|[{,]\s*)ips?\b(?!-)/;

t.test('takes the address of a client from one place', async (t) => {
  const files = ['app', 'plugins', 'routes', 'src'].flatMap((folder) =>
    readdirSync(join(projectRoot, folder), { recursive: true, encoding: 'utf8' })
      .map((file) => `${folder}/${file.replaceAll('\\', '/')}`)
      .filter((file) => file.endsWith('.ts')),
  );
  const found = files.filter((file) =>
    FASTIFY_ADDRESS.test(readFileSync(join(projectRoot, file), 'utf8')),
  );
  t.same(found, ['plugins/client-address.ts']);
  for (const code of ['request.ip', "raw['ips']", '{ viewer, ip }', '{\n  ip,']) {
    t.match(code, FASTIFY_ADDRESS);
  }
});
