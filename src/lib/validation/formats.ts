import { dateNode, dateTimeNode, type TextForm, timeNode } from './dates.js';
import { durationNode } from './durations.js';
import { emailNode } from './emails.js';
import { ipAnyNode, ipv4Node, ipv6Node } from './ip-addresses.js';
import type { Node } from './node.js';
import type { JsonSchema } from './schema.js';
import { bytesNode, stringNode } from './strings.js';
import { urlNode } from './urls.js';
import { uuidNode } from './uuid.js';

const BINARY_FORMATS = new Set(['binary', 'byte', 'base64url']);

/** Whether a string schema describes bytes or a file upload. */
export function isBinary(schema: JsonSchema): boolean {
  return (
    schema.contentMediaType === 'application/octet-stream' ||
    (schema.format !== undefined && BINARY_FORMATS.has(schema.format))
  );
}

/** Compiles `type: string` by its format; unknown formats are ignored. */
export function textNode(schema: JsonSchema, form: TextForm): Node {
  if (isBinary(schema)) return bytesNode(schema);
  switch (schema.format) {
    case 'uuid':
      return uuidNode();
    case 'uuid1':
    case 'uuid3':
    case 'uuid4':
    case 'uuid5':
    case 'uuid6':
    case 'uuid7':
    case 'uuid8':
      return uuidNode(Number(schema.format.slice(4)));
    case 'date-time':
      return dateTimeNode(form);
    case 'date':
      return dateNode();
    case 'time':
      return timeNode(form);
    case 'duration':
      return durationNode();
    case 'email':
    case 'idn-email':
      return emailNode(schema);
    case 'uri':
    case 'iri':
    case 'url':
      return urlNode(schema.maxLength);
    case 'ipv4':
      return ipv4Node();
    case 'ipv6':
      return ipv6Node();
    case 'ipvanyaddress':
      return ipAnyNode();
    default:
      return stringNode(schema);
  }
}
