// The service serves the ReDoc bundle itself, so /redoc needs no other host. Copying it at build
// time keeps the package and its dependencies out of production.
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const FOREIGN_LOGO = /https:\/\/cdn\.redoc\.ly\/[\w/.-]+\.svg/g;
const EMPTY_PICTURE = "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg'/%3E";

const vendor = fileURLToPath(new URL('../public/vendor/', import.meta.url));
const bundle = createRequire(import.meta.url).resolve('redoc/bundles/redoc.standalone.js');
const source = readFileSync(bundle, 'utf8');

// The logo is the only image that the bundle loads from another host; the link beside it stays.
const local = source.replace(FOREIGN_LOGO, EMPTY_PICTURE);
if (local === source) throw new Error('The ReDoc bundle has changed: look for its foreign logo.');

mkdirSync(vendor, { recursive: true });
writeFileSync(`${vendor}redoc.standalone.js`, local);
copyFileSync(`${bundle}.LICENSE.txt`, `${vendor}redoc.standalone.js.LICENSE.txt`);
