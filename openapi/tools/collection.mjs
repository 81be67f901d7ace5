// Builds a Postman collection from the contract; it runs from top to bottom against a freshly
// seeded service. openapi-to-postmanv2 makes the requests. Values and ids that it would invent are
// taken from the contract, so the same contract always gives the same collection.
import converter from 'openapi-to-postmanv2';
import { exampleOfBody, exampleOfParameter } from './examples.mjs';
import { expectedStatuses, scriptFor } from './scripts.mjs';

const METHODS = ['get', 'put', 'post', 'delete', 'patch', 'head', 'options', 'trace'];

const OPTIONS = {
  folderStrategy: 'Tags',
  parametersResolution: 'Example',
  // Optional parameters are included, but disabled.
  enableOptionalParameters: false,
  keepImplicitHeaders: true,
  includeAuthInfoInExample: false,
};

// Signing in comes first, because later requests need the session; signing out comes last.
const FIRST = ['auth-login', 'auth-csrf'];
const LAST = 'auth-logout';

/** Optional headers that are sent anyway, with values that no example can give. */
const HEADERS = { 'x-csrf-token': '{{csrf_token}}', 'idempotency-key': '{{$guid}}' };

/** Optional parameters that are sent anyway: without an end, a request would never be answered. */
const SENT = ['max_seconds'];

/** Resources created under one path and used under another, by the operation that creates them. */
const MADE_ELSEWHERE = { 'post-comments-create': 'comments_id' };
const FOUND_ELSEWHERE = {
  '/api/v1/comments/': 'comments_id',
  // The post deleted earlier in the run is restored.
  '/api/v1/trash/': 'posts_id',
};

/**
 * Paths that keep their example ids: only the project of the demo data has other members and tasks, and
 * the one that the run creates is deleted before some of them.
 */
const AS_IN_EXAMPLES = ['members/', 'labels', 'tasks', 'board', 'mute', 'calendar.ics'].map(
  (part) => `/api/v1/projects/{id}/${part}`,
);

const VARIABLES = [
  { key: 'baseUrl', value: 'http://127.0.0.1:8000' },
  { key: 'username', value: 'admin' },
  { key: 'password', value: '' },
  { key: 'csrf_token', value: '' },
];

const DESCRIPTION =
  'Every operation of the contract, once. Set `password` to what the service printed at its first start, and run the collection from top to bottom against a service that has just been seeded.';

/** Returns the Postman collection of a contract as an object. */
export async function makeCollection(contract) {
  const operations = operationsOf(contract);
  const variables = [...VARIABLES];
  const folders = (await convert(contract)).item.filter(({ item }) => item?.length > 0);
  const requests = folders.map(({ name, description, item }) => ({
    name,
    description,
    item: inOrder(item.map((each) => completeItem(each, operations, variables))),
  }));
  const rank = ({ item }) => (item.some(({ id }) => FIRST.includes(id)) ? 0 : 1);
  requests.sort((a, b) => rank(a) - rank(b));
  // The comments need the post, which the trash gives back.
  const [trash] = requests.splice(placeOf(requests, 'trash'), 1);
  requests.splice(placeOf(requests, 'posts') + 1, 0, trash);
  const last = requests.flatMap(({ item }) => item.filter(({ id }) => id === LAST));
  for (const folder of requests) folder.item = folder.item.filter(({ id }) => id !== LAST);
  return {
    info: {
      name: contract.info.title,
      description: DESCRIPTION,
      version: contract.info.version,
      schema: 'https://schema.getpostman.com/json/collection/v2.1.0/collection.json',
    },
    item: [...requests, ...last].map(withoutMarks),
    variable: variables,
  };
}

function placeOf(folders, tag) {
  return folders.findIndex(({ name }) => name === tag);
}

function convert(contract) {
  const copy = structuredClone(contract);
  // Responses are left out of the collection, and generating their examples takes most of the time.
  const { responses: shared = {} } = copy.components;
  const own = [...operationsOf(copy).values()].map(({ operation }) => operation.responses);
  for (const response of [shared, ...own].flatMap((each) => Object.values(each))) {
    delete response.headers;
    for (const media of Object.values(response.content ?? {})) media.schema = {};
  }
  return new Promise((resolve, reject) => {
    converter.convertV2(
      { type: 'json', data: copy },
      OPTIONS,
      (error, { result, reason, output }) =>
        error || !result ? reject(error ?? new Error(reason)) : resolve(output[0].data),
    );
  });
}

/** Maps the key of a collection's request, such as `GET /api/v1/users/:id`, to its operation. */
function operationsOf(contract) {
  const operations = new Map();
  for (const [path, item] of Object.entries(contract.paths)) {
    for (const method of METHODS.filter((each) => each in item)) {
      const operation = item[method];
      const parameters = [...(item.parameters ?? []), ...(operation.parameters ?? [])];
      operations.set(keyOf(method, path.replace(/\{([^}]+)\}/g, ':$1')), {
        contract,
        method,
        path,
        operation,
        parameters,
      });
    }
  }
  return operations;
}

function keyOf(method, path) {
  return `${method.toUpperCase()} ${path}`;
}

/**
 * Completes a converted request with ids, values and scripts, and drops what the converter
 * invented.
 */
function completeItem({ name, request }, operations, variables) {
  const { method, url } = request;
  const found = operations.get(keyOf(method, `/${url.path.join('/')}`));
  const { contract, operation, path, parameters } = found;
  const created = MADE_ELSEWHERE[operation.operationId] ?? createdBy(contract, path);
  if (method === 'POST' && created !== undefined) variables.push({ key: created, value: '' });

  const valueFor = (place, key) =>
    exampleOfParameter(
      contract,
      parameters.find((each) => each.in === place && each.name.toLowerCase() === key.toLowerCase()),
    );
  const variable = url.variable.map(({ key, description }) => ({
    key,
    value: idFrom(contract, path, key) ?? valueFor('path', key),
    description,
  }));
  const query = url.query.map(({ key, description, disabled = false }) => ({
    key,
    value: valueFor('query', key),
    description,
    disabled: disabled && !SENT.includes(key),
  }));
  const header = request.header.map(({ key, value, description, disabled = false }) =>
    key in HEADERS
      ? { key, value: HEADERS[key], description }
      : { key, value: valueFor('header', key) ?? value, description, disabled },
  );
  const raw = `{{baseUrl}}/${url.path.join('/')}`;
  const body = exampleOfBody(contract, operation, request.body);
  return {
    id: operation.operationId,
    name,
    request: {
      method,
      description: request.description,
      url: { raw, host: url.host, path: url.path, query, variable },
      header,
      ...(body === undefined ? {} : { body }),
    },
    event: [
      scriptFor(operation, expectedStatuses(operation), method === 'POST' ? created : undefined),
    ],
    order: orderOf(operation.operationId, method, path, created),
  };
}

/**
 * Returns the variable for the id that a POST to `path` creates, if the contract has `path/{id}`.
 */
function createdBy(contract, path) {
  if (isAsInExamples(path)) return undefined;
  const member = new RegExp(`^${path.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}/\\{[^}]+\\}$`);
  const isUsed = Object.keys(contract.paths).some((each) => member.test(each));
  const creates = contract.paths[path]?.post?.responses?.['201'] !== undefined;
  return isUsed && creates ? `${path.split('/').at(-1)}_id` : undefined;
}

function isAsInExamples(path) {
  return AS_IN_EXAMPLES.some((start) => path.startsWith(start));
}

/** Returns `{{users_id}}` for the `{id}` of `/api/v1/users/{id}`. */
function idFrom(contract, path, parameter) {
  if (isAsInExamples(path)) return undefined;
  if (parameter === 'comment_id') return '{{comments_id}}';
  if (parameter === 'invitation_id') return '{{invitations_id}}';
  if (parameter !== 'id') return undefined;
  const [, elsewhere] =
    Object.entries(FOUND_ELSEWHERE).find(([start]) => path.startsWith(start)) ?? [];
  if (elsewhere !== undefined) return `{{${elsewhere}}}`;
  const created = createdBy(contract, path.split(`/{${parameter}}`, 1)[0]);
  return created === undefined ? undefined : `{{${created}}}`;
}

/**
 * Sorts creating requests before those that use the resource, and deletions last, inner before
 * outer.
 */
function orderOf(id, method, path, created) {
  if (FIRST.includes(id)) return FIRST.indexOf(id) - 1000;
  const depth = path.split('/').length;
  if (method === 'POST' && created !== undefined) return depth - 100;
  return method === 'DELETE' ? 1000 - depth : 0;
}

function inOrder(items) {
  return items.sort((a, b) => a.order - b.order);
}

function withoutMarks({ order: _, item, ...rest }) {
  return item === undefined ? rest : { ...rest, item: item.map(withoutMarks) };
}
