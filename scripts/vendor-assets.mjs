// The service serves the bundles of Swagger UI and ReDoc itself, so /docs and /redoc need no other
// host. Copying them at build time keeps the packages and their dependencies out of production.
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

const FOREIGN_LOGO = /https:\/\/cdn\.redoc\.ly\/[\w/.-]+\.svg/g;
const EMPTY_PICTURE = "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg'/%3E";

const vendor = fileURLToPath(new URL('../public/vendor/', import.meta.url));
const { resolve } = createRequire(import.meta.url);
const bundle = resolve('redoc/bundles/redoc.standalone.js');
const source = readFileSync(bundle, 'utf8');

// The logo is the only image that the bundle loads from another host; the link beside it stays.
const local = source.replace(FOREIGN_LOGO, EMPTY_PICTURE);
if (local === source) throw new Error('The ReDoc bundle has changed: look for its foreign logo.');

mkdirSync(vendor, { recursive: true });
writeFileSync(`${vendor}redoc.standalone.js`, local);
copyFileSync(`${bundle}.LICENSE.txt`, `${vendor}redoc.standalone.js.LICENSE.txt`);

const swaggerUi = dirname(resolve('@fastify/swagger-ui/static/swagger-ui.css'));
for (const name of ['swagger-ui.css', 'swagger-ui-bundle.js']) {
  copyFileSync(`${swaggerUi}/${name}`, `${vendor}${name}`);
}
