// The ReDoc bundle is served by this service itself, so that /redoc needs no other host. It is
// copied at build time, which keeps the package (and all it depends on) out of production.
import { copyFileSync, mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const vendor = fileURLToPath(new URL('../public/vendor/', import.meta.url));
const bundle = createRequire(import.meta.url).resolve('redoc/bundles/redoc.standalone.js');

mkdirSync(vendor, { recursive: true });
for (const name of ['', '.LICENSE.txt']) {
  copyFileSync(`${bundle}${name}`, `${vendor}redoc.standalone.js${name}`);
}
