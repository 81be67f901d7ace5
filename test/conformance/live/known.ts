import { isDeepStrictEqual } from 'node:util';
import type { Python } from './fastapi.js';
import type { LiveRequest } from './requests.js';

/** A request that both services answer differently. */
export interface LiveDifference {
  request: LiveRequest;
  ours: Answer;
  theirs: Answer;
}

export interface Answer {
  status: number;
  body: unknown;
}

/** Differences to FastAPI that are intended; the guide names them. */
interface KnownDifference {
  name: string;
  reason: string;
  applies: (difference: LiveDifference, python: Python) => boolean;
}

/** What Python reads as NaN or an infinity, also as a number that is too large. */
const NOT_FINITE = /nan|inf|e(?:\+|%2b)?\d{3}|(?:\d_?){309}/i;

export const KNOWN: readonly KnownDifference[] = [
  {
    name: 'not finite',
    reason: 'NaN and infinities are refused; FastAPI takes them, or fails when it repeats them',
    applies: ({ request, ours, theirs }) => {
      if (!isInfiniteIn(request)) return false;
      const items = itemsOf(ours);
      const isJsonFault = items.some(
        ({ type, ctx }) => type === 'json_invalid' && isExpectingValue(ctx),
      );
      if (isJsonFault || theirs.status >= 500) return true;
      // Where one member of a union is not finite, the errors of the others are not FastAPI's.
      const refused = items
        .filter(({ type }) => type === 'finite_number')
        .map(({ input }) => input);
      const rest = items.filter(({ input }) => !refused.includes(input));
      const theirRest = itemsOf(theirs).filter(({ input }) => !refused.includes(input));
      return refused.length > 0 && isDeepStrictEqual(rest, theirRest);
    },
  },
  {
    name: 'UTF-16',
    reason: 'JSON is read as UTF-8 (RFC 8259); Python also detects UTF-16 and UTF-32',
    applies: ({ request: { wire } }) => {
      const { payload } = wire;
      const [first, second] = Buffer.isBuffer(payload) ? payload : Buffer.from(payload ?? '');
      return first === 0 || second === 0 || (first === 0xff && second === 0xfe);
    },
  },
  {
    name: 'surrogates in UTF-8',
    reason: 'bytes of a surrogate are no UTF-8; Python takes them',
    applies: ({ request: { wire }, ours }) =>
      ours.status === 400 && Buffer.isBuffer(wire.payload) && wire.payload.includes(SURROGATE),
  },
  {
    name: 'lone surrogates',
    reason: 'FastAPI fails when an error repeats a surrogate without its other half',
    applies: ({ request, theirs }) => theirs.status === 500 && /\\ud[89a-f]/i.test(textOf(request)),
  },
  {
    name: 'raw bytes in a form',
    reason: 'bytes above 0x7F are read as UTF-8; Starlette reads Latin-1',
    applies: ({ request }) => request.group.endsWith(' raw bytes'),
  },
  {
    name: 'rounded',
    reason: 'accepted integers beyond 2^53 become the nearest double',
    applies: ({ ours, theirs }) =>
      ours.status === 200 && isDeepStrictEqual(rounded(ours.body), rounded(theirs.body)),
  },
  {
    name: 'huge',
    reason: 'integers beyond 1.8e308, the largest double, are refused',
    applies: ({ ours, theirs }) =>
      itemsOf(ours).some(({ type }) => type === 'int_parsing_size') &&
      itemsOf(ours).length > itemsOf(theirs).length,
  },
  {
    name: 'deep',
    reason: 'JSON may be 960 levels deep; the limit of FastAPI depends on Python',
    applies: ({ request, ours }) => request.group.endsWith(' deep') && ours.status === 400,
  },
  {
    name: 'encoded slash',
    reason: '%2F does not separate segments of a path (RFC 3986)',
    applies: ({ request: { wire } }) => /^[^?]*%2f/i.test(wire.url),
  },
  {
    name: 'bad percent-encoding',
    reason: 'a path with a % that encodes nothing is refused; FastAPI reads it as it is',
    applies: ({ request: { wire }, ours }) =>
      ours.status === 400 && /^[^?]*%(?![0-9a-f]{2})/i.test(wire.url),
  },
  {
    name: 'HEAD and OPTIONS',
    reason: 'every path answers both; FastAPI answers 405',
    applies: ({ request: { wire } }) => wire.method === 'HEAD' || wire.method === 'OPTIONS',
  },
  {
    name: 'limits of size',
    reason: 'bodies, URLs and headers beyond the limits of the service are refused',
    applies: ({ ours }) => [413, 414, 431].includes(ours.status),
  },
  {
    name: 'trailing comma',
    reason: 'Python names it since 3.13',
    applies: ({ ours }, python) =>
      !python.hasTrailingComma && JSON.stringify(ours.body).includes('Illegal trailing comma'),
  },
  {
    name: 'file in input',
    reason: 'an uploaded file in the place of a text is quoted without what is inside of Python',
    applies: ({ ours, theirs }) =>
      /_TemporaryFileArgs|_max_mem_size/.test(JSON.stringify(theirs.body)) &&
      isDeepStrictEqual(itemsOf(ours).map(withoutInput), itemsOf(theirs).map(withoutInput)),
  },
  {
    name: '1.0',
    reason:
      'JavaScript has one number for 1 and 1.0: an IP address may be 1.0, and a tag is quoted as 1',
    applies: ({ request, ours, theirs }) => {
      if (!/\b\d+(?:\.0+|[eE]|\.\d+[eE])/.test(textOf(request))) return false;
      const isTag = JSON.stringify(theirs.body).includes('union_tag_invalid');
      if (isTag) return isDeepStrictEqual(itemsOf(ours).map(placeOf), itemsOf(theirs).map(placeOf));
      return /\/ip/.test(request.group) && itemsOf(theirs).length > itemsOf(ours).length;
    },
  },
];

const SURROGATE = Buffer.from([0xed, 0xa0, 0x80]);

interface Item {
  type: string;
  loc: readonly (string | number)[];
  msg: string;
  input?: unknown;
  ctx?: unknown;
}

function itemsOf({ body }: Answer): Item[] {
  const isList =
    typeof body === 'object' && body !== null && 'detail' in body && Array.isArray(body.detail);
  return isList ? (body.detail as Item[]) : [];
}

const isExpectingValue = (ctx: unknown): boolean =>
  typeof ctx === 'object' && ctx !== null && 'error' in ctx && ctx.error === 'Expecting value';

function textOf({ wire }: LiveRequest): string {
  return [wire.payload?.toString() ?? '', wire.url, ...Object.values(wire.headers)].join('\n');
}

/** Whether a request contains a number that is infinite to Python. */
function isInfiniteIn(request: LiveRequest): boolean {
  return NOT_FINITE.test(textOf(request));
}

const placeOf = ({ type, loc, input }: Item) => ({ type, loc, input });

const withoutInput = ({ type, loc, msg }: Item): Item => ({ type, loc, msg });

function rounded(value: unknown): unknown {
  if (typeof value === 'string' && value.startsWith('number ')) return Number(value.slice(7));
  if (Array.isArray(value)) return value.map(rounded);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, rounded(item)]));
}
