import type { WireRequest } from '#test/conformance/recordings.js';
import { Random } from '#test/support/random.js';
import { breakJson, hostileJson, hostileText, mutateText, quote } from './hostile.js';
import type { Kind } from './kinds.js';
import type { LiveOperation } from './operations.js';

/** A request to both services. */
export interface LiveRequest {
  id: number;
  /** What it tries: the path of the operation, and how the request is made. */
  group: string;
  operation: LiveOperation;
  wire: WireRequest;
}

const BOUNDARY = 'live-boundary';

/** Returns requests to all operations in turn; the same seed gives the same requests. */
export function* makeRequests(
  operations: readonly LiveOperation[],
  { count, seed }: { count: number; seed: number },
): Generator<LiveRequest> {
  for (let id = 0; id < count; id += 1) {
    // Each request has its own numbers, so that one of them can be repeated alone.
    const random = new Random(seed * 1_000_003 + id);
    for (let skipped = 0; skipped < 8; skipped += 1) random.next();
    const operation = operations[id % operations.length] as LiveOperation;
    const made = MAKERS[operation.place](random, operation);
    const { how, ...wire } = random.chance(0.004) ? otherMethod(random, made) : made;
    yield { id, group: `${operation.path} ${how}`, operation, wire };
  }
}

type Made = WireRequest & { how: string };

function otherMethod(random: Random, made: Made): Made {
  const method = random.pick(['HEAD', 'OPTIONS', 'PUT', 'DELETE', 'PATCH', 'GET', 'POST']);
  const { payload: _payload, ...rest } = made;
  return { ...rest, method, how: method === made.method ? made.how : `method ${method}` };
}

const MAKERS: Record<LiveOperation['place'], (random: Random, operation: LiveOperation) => Made> = {
  path: inPath,
  query: inQuery,
  header: inHeader,
  cookie: inCookie,
  json: inJson,
  form: inForm,
  file: inMultipart,
};

/** Percent-encoded bytes that are no UTF-8, or no percent-encoding. */
const BAD_PERCENT: readonly string[] = [
  ...['%ff', '%C3', '%c3%28', '%ED%A0%80', '%F5%80%80%80', '%C0%AF', '%E2%82', '%80', '%F0%9F%98'],
  ...['%', '%4', '%zz', '%%', '%u0041', '%2', '%G1', '%-1'],
];

/** Percent-encodes a text; punctuation that a URL may contain stays as it is, sometimes. */
function encode(random: Random, text: string, also: string): string {
  const keepsMore = random.chance(0.3);
  return [...text]
    .map((each) => {
      if (/^[A-Za-z0-9._~-]$/.test(each)) return each;
      if (keepsMore && also.includes(each)) return each;
      return [...Buffer.from(each)]
        .map((byte) => `%${byte.toString(16).padStart(2, '0').toUpperCase()}`)
        .join('');
    })
    .join('');
}

function damage(random: Random, encoded: string): string {
  const at = random.int(0, encoded.length);
  return encoded.slice(0, at) + random.pick(BAD_PERCENT) + encoded.slice(at);
}

function inPath(random: Random, { method, path, values }: LiveOperation): Made {
  let text = hostileText(random, values['v'] as Kind);
  if (random.chance(0.98)) text = text.replaceAll('/', '').slice(0, 6000);
  if (text === '' || text === '.' || text === '..') text = 'x';
  let encoded = encode(random, text, ":@!$&'()*+,;=");
  const isDamaged = random.chance(0.06);
  if (isDamaged) encoded = damage(random, encoded);
  return {
    method,
    url: path.replace('{v}', encoded),
    headers: {},
    how: isDamaged ? 'percent' : 'value',
  };
}

/** Returns pairs of names and hostile values: some missing, repeated, misspelt or unknown. */
function pairsOf(
  random: Random,
  values: Readonly<Record<string, Kind>>,
): { pairs: [string, string][]; how: string } {
  const entries = Object.entries(values);
  const pairs: [string, string][] = [];
  let how = 'value';
  for (const [index, [name, kind]] of entries.entries()) {
    // In most requests, one value is hostile, so that it is not hidden among others.
    if (index > 0 && random.chance(0.6)) continue;
    const isList = name === 'list' || name === 'tags' || name === 'files';
    const times = isList ? random.int(1, 3) : 1;
    for (let time = 0; time < times; time += 1) pairs.push([name, hostileText(random, kind)]);
  }
  const dice = random.next();
  if (dice < 0.04) {
    how = 'missing';
    pairs.splice(random.int(0, pairs.length - 1), 1);
  } else if (dice < 0.1) {
    how = 'repeated';
    const [name, kind] = random.pick(entries);
    pairs.splice(random.int(0, pairs.length), 0, [name, hostileText(random, kind)]);
  } else if (dice < 0.14) {
    how = 'name';
    const pair = random.pick(pairs);
    pair[0] = random.pick([
      mutateText(random, pair[0]),
      pair[0].toUpperCase(),
      `${pair[0]}[]`,
      `${pair[0]}[0]`,
      ` ${pair[0]}`,
      `${pair[0]}.x`,
      '',
      '__proto__',
      'constructor',
    ]);
  } else if (dice < 0.18) {
    how = 'extra';
    pairs.push([random.pick(['extra', 'x', '__proto__', 'toString', 'V', 'é']), 'a']);
    if (random.chance(0.3)) pairs.push([pairs.at(-1)?.[0] ?? '', 'b']);
  }
  return { pairs, how };
}

function urlencoded(
  random: Random,
  values: LiveOperation['values'],
): { text: string; how: string } {
  const { pairs, how } = pairsOf(random, values);
  let text = pairs
    .map(([name, value]) => {
      const plus = random.chance(0.5) ? value : value.replaceAll(' ', '+');
      const encoded = encode(random, plus, "+:@!$'()*,/?");
      return `${encode(random, name, '[]')}=${encoded}`;
    })
    .join('&');
  const dice = random.next();
  if (dice < 0.05) return { text: damage(random, text), how: 'percent' };
  if (dice < 0.08) {
    const at = random.int(0, text.length);
    const part = random.pick([
      '&',
      '&&',
      '=',
      '==',
      ';',
      '&=',
      '&v',
      '&v=',
      '?',
      '+',
      '&=x',
      '&v&',
    ]);
    text = text.slice(0, at) + part + text.slice(at);
    return { text, how: 'separator' };
  }
  return { text, how };
}

function inQuery(random: Random, { method, path, values }: LiveOperation): Made {
  const { text, how } = urlencoded(random, values);
  const dice = random.next();
  const separator = dice < 0.02 ? '??' : dice < 0.04 ? '?&' : '?';
  return { method, url: dice > 0.99 ? path : `${path}${separator}${text}`, headers: {}, how };
}

/** A text that can stand in a header: HTTP itself refuses others. */
const toHeader = (text: string): string =>
  [...Buffer.from(text.slice(0, 6000))]
    .filter((byte) => byte === 0x09 || (byte >= 0x20 && byte !== 0x7f))
    .map((byte) => String.fromCharCode(byte))
    .join('')
    .replace(/^[ \t]+|[ \t]+$/g, '');

function inHeader(random: Random, { method, path, values }: LiveOperation): Made {
  const { pairs, how } = pairsOf(random, values);
  const headers: WireRequest['headers'] = {};
  for (const [name, text] of pairs) {
    const value = toHeader(text);
    // Names that are no token are refused by HTTP.
    const key = /^[\w-]+$/.test(name) ? name : 'x-other';
    const known = headers[key];
    headers[key] = known === undefined ? value : [known, value].flat();
  }
  return { method, url: path, headers, how };
}

function inCookie(random: Random, { method, path, values }: LiveOperation): Made {
  const { pairs, how } = pairsOf(random, values);
  const write = ([name, value]: [string, string]): string => {
    const dice = random.next();
    const text =
      dice < 0.2
        ? `"${value}"`
        : dice < 0.3
          ? encodeURIComponent(value.replace(/\p{Cs}/gu, ''))
          : value;
    return `${name}=${text}`;
  };
  const separator = random.pick(['; ', '; ', '; ', ';', ' ; ', ', ']);
  const text = pairs.map(write).join(separator);
  const headers = random.chance(0.97) ? { cookie: toHeader(text) } : {};
  return { method, url: path, headers, how };
}

/** Content types of a body, most of which are JSON to FastAPI. */
const CONTENT_TYPES: readonly (string | undefined)[] = [
  undefined,
  ...['', 'application/json; charset=utf-8', 'APPLICATION/JSON', 'application/vnd.api+json'],
  ...['application/problem+JSON;x=y', 'text/plain', 'text/json', 'application/jsonx', 'json'],
  ...['application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', 'application/xml'],
  ...[
    'application/json, text/plain',
    'application/json;charset=utf-16',
    ' application/json ',
    '*/*',
  ],
  ...[
    'application/ json',
    'application/json/x',
    'application/+json',
    'text/x+json',
    'multipart/form-data',
  ],
];

/** Bytes in the place of JSON in UTF-8. */
function otherBytes(random: Random, text: string): Buffer {
  const bytes = Buffer.from(text);
  switch (random.int(0, 5)) {
    case 0:
      return Buffer.from(`\ufeff${text}`);
    case 1:
      return Buffer.from(text, 'utf16le');
    case 2:
      return Buffer.from(`\ufeff${text}`, 'utf16le');
    default: {
      const at = random.int(0, bytes.length);
      const bad = random.pick([[0xff], [0xc3], [0xed, 0xa0, 0x80], [0xc0, 0xaf], [0x80], [0xf5]]);
      return Buffer.concat([bytes.subarray(0, at), Buffer.from(bad), bytes.subarray(at)]);
    }
  }
}

function inJson(random: Random, { method, path, values }: LiveOperation): Made {
  let text: string;
  let how = 'value';
  if ('' in values) text = hostileJson(random, values[''] as Kind);
  else {
    const pairs = Object.entries(values)
      .filter((_entry, index) => index === 0 || random.chance(0.4))
      .map(([name, kind]): [string, string] => [JSON.stringify(name), hostileJson(random, kind)]);
    const dice = random.next();
    if (dice < 0.03) {
      how = 'missing';
      pairs.shift();
    } else if (dice < 0.06) {
      how = 'name';
      const pair = random.pick(pairs);
      pair[0] = quote(random, mutateText(random, JSON.parse(pair[0]) as string));
    } else if (dice < 0.09) {
      how = 'extra';
      const name = random.pick(['"extra"', '"__proto__"', '"V"', '""', '"v"', '"constructor"']);
      pairs.push([name, random.pick(['1', 'null', '[]', '"x"', '{}'])]);
    }
    const space = random.chance(0.1) ? random.pick([' ', '\n', '\t', '\r\n', '  ']) : '';
    text = `{${pairs.map((pair) => pair.join(`:${space}`)).join(`,${space}`)}}`;
    if (random.chance(0.02)) {
      how = 'nested';
      text = random.pick([
        `[${text}]`,
        `{"body":${text}}`,
        JSON.stringify(text),
        'null',
        '[]',
        '1',
      ]);
    }
  }
  let type: string | undefined = 'application/json';
  let payload: string | Buffer = text;
  const dice = random.next();
  if (dice < 0.1) {
    how = 'syntax';
    payload = breakJson(random, text);
  } else if (dice < 0.12) {
    how = 'bytes';
    payload = otherBytes(random, text);
  } else if (dice < 0.17) {
    how = 'content-type';
    type = random.pick(CONTENT_TYPES);
  } else if (dice < 0.18) {
    how = 'empty';
    payload = random.pick(['', ' ', 'null', '\n', '\ufeff']);
  } else if (dice < 0.185) {
    how = 'deep';
    const depth = random.int(900, 1000);
    payload = random.chance(0.5)
      ? '['.repeat(depth) + ']'.repeat(depth)
      : `{"v":${'['.repeat(depth)}1${']'.repeat(depth)}}`;
  }
  return {
    method,
    url: path,
    headers: type === undefined ? {} : { 'content-type': type },
    payload,
    how,
  };
}

const FORM_TYPES: readonly (string | undefined)[] = [
  undefined,
  ...['application/json', 'text/plain', 'application/x-www-form-urlencoded; charset=utf-8'],
  ...[
    'APPLICATION/X-WWW-FORM-URLENCODED',
    'application/x-www-form-urlencoded;',
    'multipart/form-data',
  ],
];

function inForm(random: Random, operation: LiveOperation): Made {
  const { method, path, values } = operation;
  if (random.chance(0.15)) return inMultipart(random, operation);
  const form = urlencoded(random, values);
  let { text: payload, how } = form;
  let type: string | undefined = 'application/x-www-form-urlencoded';
  const dice = random.next();
  if (dice < 0.04) {
    how = 'content-type';
    type = random.pick(FORM_TYPES);
  } else if (dice < 0.045) {
    how = 'many fields';
    const count = random.int(998, 1003);
    payload = `${payload}&${Array.from({ length: count - payload.split('&').length }, (_, at) => `x${at}=1`).join('&')}`;
  } else if (dice < 0.05) {
    how = 'empty';
    payload = '';
  } else if (dice < 0.06) {
    how = 'raw bytes';
    payload = `${payload}${random.pick(['é', '中', '\ufffd', '😀'])}`;
  }
  return {
    method,
    url: path,
    headers: type === undefined ? {} : { 'content-type': type },
    payload,
    how,
  };
}

function inMultipart(random: Random, { method, path, values }: LiveOperation): Made {
  const { pairs, how: plan } = pairsOf(random, values);
  let how = `multipart ${plan}`;
  const parts = pairs.map(([name, value]) => {
    const isFile = (name === 'file' || name === 'files') !== random.chance(0.1);
    const filename = isFile
      ? `; filename="${random.pick(['a.txt', '', 'a b.txt', 'ü.txt', '../x', 'a;b.txt', "a'b"])}"`
      : '';
    const type = isFile || random.chance(0.1) ? '\r\nContent-Type: text/plain' : '';
    const safe = name.replace(/[\r\n"\\]/g, '');
    return `Content-Disposition: form-data; name="${safe}"${filename}${type}\r\n\r\n${value}`;
  });
  const dice = random.next();
  if (dice < 0.01) {
    how = 'multipart many fields';
    while (parts.length < random.int(998, 1003)) {
      parts.push('Content-Disposition: form-data; name="x"\r\n\r\n1');
    }
  }
  let payload = `${parts.map((part) => `--${BOUNDARY}\r\n${part}\r\n`).join('')}--${BOUNDARY}--\r\n`;
  let type = `multipart/form-data; boundary=${BOUNDARY}`;
  if (dice > 0.9) {
    how = 'multipart form';
    const at = random.int(0, payload.length);
    switch (random.int(0, 8)) {
      case 0:
        type = random.pick([
          'multipart/form-data',
          'multipart/form-data; boundary=other',
          `multipart/form-data; boundary="${BOUNDARY}"`,
          `Multipart/Form-Data; Boundary=${BOUNDARY}`,
          `multipart/form-data; charset=utf-8; boundary=${BOUNDARY}`,
          `multipart/mixed; boundary=${BOUNDARY}`,
          'multipart/form-data; boundary=',
        ]);
        break;
      case 1:
        payload = payload.slice(0, at);
        break;
      case 2:
        payload = payload.replaceAll('\r\n', '\n');
        break;
      case 3:
        payload = `preamble\r\n${payload}epilogue`;
        break;
      case 4:
        payload = payload.replace(
          'form-data; name',
          random.pick(['form-data', 'attachment; name', 'form-data; Name', 'form-data;name']),
        );
        break;
      case 5:
        payload = payload.replace(
          'Content-Disposition',
          random.pick([
            'X-Other',
            'content-disposition',
            'Content-Disposition ',
            ': Content-Disposition',
          ]),
        );
        break;
      case 6:
        payload = '';
        break;
      case 7:
        payload = payload.replace(
          `--${BOUNDARY}--\r\n`,
          random.pick(['', `--${BOUNDARY}`, `--${BOUNDARY}\r\n`, `--${BOUNDARY}--`]),
        );
        break;
      default:
        payload =
          payload.slice(0, at) +
          random.pick(['\r\n', '\n', '\0', '--', `\r\n--${BOUNDARY}\r\n`]) +
          payload.slice(at);
    }
  }
  return { method, url: path, headers: { 'content-type': type }, payload, how };
}
