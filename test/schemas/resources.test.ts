import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { components, tags } from '#schemas/index.js';
import * as resources from '#schemas/resources.js';
import { projectRoot } from '#src/lib/project-root.js';

const folder = join(projectRoot, 'schemas');
const names = readdirSync(folder)
  .filter((name) => name.endsWith('.ts'))
  .map((name) => name.replace(/\.ts$/, ''));

t.test('every file with a component or a tag is listed in resources.ts', async (t) => {
  const listed = new Set<unknown>(Object.values(resources).flatMap((file) => Object.values(file)));
  for (const name of names) {
    const exports: Record<string, unknown> = await import(`#schemas/${name}.js`);
    const missing = Object.entries(exports)
      .filter(([, value]) => isNamed(value) || value === exports['tag'])
      .filter(([, value]) => value !== undefined && !listed.has(value) && name !== 'index')
      .map(([exported]) => exported);
    t.same(missing, [], `schemas/${name}.ts`);
  }
});

t.test('every tag has its place in the order of the documentation', async (t) => {
  const declared = Object.values(resources).flatMap((file) =>
    'tag' in file ? [file.tag.name] : [],
  );
  t.same(tags.map(({ name }) => name).toSorted(), declared.toSorted());
});

t.test('no two components or tags share a name', async (t) => {
  const ids = components.map(({ $id }) => $id);
  t.same(ids.toSorted(), [...new Set(ids)].toSorted());
  const tagNames = tags.map(({ name }) => name);
  t.same(tagNames.toSorted(), [...new Set(tagNames)].toSorted());
  t.ok(components.length > 50 && tags.length > 10);
});

function isNamed(value: unknown): boolean {
  return typeof value === 'object' && value !== null && '$id' in value;
}
