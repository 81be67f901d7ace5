import t from 'tap';
import { isJsonContentType } from '#src/lib/validation/json-content-type.js';

t.test('accepts application/json and application/*+json', async (t) => {
  for (const header of [
    'application/json',
    'APPLICATION/JSON',
    'application/json; charset=utf-8',
    'application/vnd.api+json',
    'application/ld+json;x=1',
    ' application/json ',
  ]) {
    t.ok(isJsonContentType(header), header);
  }
  for (const header of [
    undefined,
    '',
    'json',
    'text/json',
    'text/plain',
    'application/jsonx',
    'application/json/x',
    'application/json, text/plain',
    'multipart/form-data; boundary=x',
  ]) {
    t.notOk(isJsonContentType(header), `${header}`);
  }
});
