import { isDeepStrictEqual } from 'node:util';
import { type ContractDocument, isObject, resolve, type Schema } from './alternatives.js';
import type { ContractChange, Direction, SchemaComparison } from './schemas.js';

type Content = Record<string, { schema?: Schema }>;
type Requirement = Record<string, string[]>;

export interface Parameter {
  name: string;
  in: string;
  required?: boolean;
  style?: string;
  explode?: boolean;
  schema?: Schema;
  content?: Content;
}

interface RequestBody {
  required?: boolean;
  content?: Content;
}

interface Response {
  content?: Content;
  headers?: Record<string, Omit<Parameter, 'name' | 'in'>>;
}

export interface Operation {
  operationId?: string;
  parameters?: Parameter[];
  requestBody?: RequestBody;
  responses?: Record<string, Response>;
  security?: Requirement[];
}

/** An operation, with the document that its references resolve in. */
export interface Side {
  document: ContractDocument;
  operation: Operation;
}

/** Returns the changes of an operation that affect clients. */
export function compareOperations(
  before: Side,
  after: Side,
  schemas: SchemaComparison,
  where: string,
): ContractChange[] {
  const changes: ContractChange[] = [];

  function add(severity: ContractChange['severity'], what: string, at = where): void {
    changes.push({ severity, where: at, what });
  }

  function compareContent(was: Content, is: Content, direction: Direction, at: string): void {
    for (const [type, media] of Object.entries(was)) {
      const now = is[type];
      if (now === undefined) add('breaking', `${type} was removed`, at);
      else changes.push(...schemas.compare(media.schema ?? {}, now.schema ?? {}, direction, at));
    }
  }

  function compareNames(): void {
    const [was, is] = [before.operation.operationId, after.operation.operationId];
    if (was !== undefined && was !== is) {
      add('breaking', `its operationId was ${was}, is ${is ?? 'none'}`);
    }
  }

  function compareSecurity(): void {
    const is = securityOf(after);
    for (const alternative of securityOf(before)) {
      if (is.some((each) => asksNoMoreThan(each, alternative))) continue;
      add('breaking', `it can no longer be called with ${nameAlternative(alternative)}`);
    }
  }

  function compareParameters(): void {
    const [was, is] = [parametersOf(before), parametersOf(after)];
    for (const [key, parameter] of was) {
      const now = is.get(key);
      if (now === undefined) add('warning', 'was removed', `${where}: ${key}`);
      else compareParameter(parameter, now, `${where}: ${key}`);
    }
    for (const [key, { required }] of is) {
      if (required === true && !was.has(key)) {
        add('breaking', 'is new and required', `${where}: ${key}`);
      }
    }
  }

  function compareParameter(was: Parameter, is: Parameter, at: string): void {
    if (is.required === true && was.required !== true) add('breaking', 'is now required', at);
    if (!isDeepStrictEqual([was.style, was.explode], [is.style, is.explode])) {
      add('breaking', 'is written another way: its style or explode has changed', at);
    }
    if (was.content !== undefined) compareContent(was.content, is.content ?? {}, 'request', at);
    else changes.push(...schemas.compare(was.schema ?? {}, is.schema ?? {}, 'request', at));
  }

  function compareBodies(): void {
    const at = `${where}: body`;
    const was = bodyOf(before);
    const is = bodyOf(after);
    if (is === undefined) {
      if (was !== undefined) add('warning', 'was removed', at);
      return;
    }
    if (is.required === true && was?.required !== true) add('breaking', 'is now required', at);
    if (was !== undefined) compareContent(was.content ?? {}, is.content ?? {}, 'request', at);
  }

  function compareResponses(): void {
    const [was, is] = [before.operation.responses ?? {}, after.operation.responses ?? {}];
    for (const [status, response] of Object.entries(was)) {
      const at = `${where}: ${status}`;
      const now = is[status];
      if (now === undefined) add('breaking', 'was removed', at);
      else compareResponse(resolve(before.document, response), resolve(after.document, now), at);
    }
    for (const status of Object.keys(is)) {
      if (/^[23]/.test(status) && !(status in was)) {
        add('warning', 'is new: another way to succeed', `${where}: ${status}`);
      }
    }
  }

  function compareResponse(was: Response, is: Response, at: string): void {
    compareContent(was.content ?? {}, is.content ?? {}, 'response', at);
    const headers = new Map(
      Object.entries(is.headers ?? {}).map(([name, header]) => [name.toLowerCase(), header]),
    );
    for (const [name, written] of Object.entries(was.headers ?? {})) {
      const header = resolve(before.document, written);
      const found = headers.get(name.toLowerCase());
      const now = found && resolve(after.document, found);
      const place = `${at}: header ${name}`;
      if (now === undefined) add('breaking', 'was removed', place);
      else {
        if (header.required === true && now.required !== true) {
          add('breaking', 'may now be missing', place);
        }
        const [old, its] = [header.schema ?? {}, now.schema ?? {}];
        changes.push(...schemas.compare(old, its, 'response', place));
      }
    }
  }

  compareNames();
  compareSecurity();
  compareParameters();
  compareBodies();
  compareResponses();
  return changes;
}

function bodyOf({ document, operation }: Side): RequestBody | undefined {
  return operation.requestBody && resolve(document, operation.requestBody);
}

/** Parameters by location and name, as messages show them. Header names are case-insensitive. */
function parametersOf({ document, operation }: Side): Map<string, Parameter> {
  return new Map(
    (operation.parameters ?? []).map((written) => {
      const parameter = resolve(document, written);
      const { in: place, name } = parameter;
      return [`${place} ${place === 'header' ? name.toLowerCase() : name}`, parameter];
    }),
  );
}

/**
 * The alternative security requirements, any of which is sufficient. Without any, the operation is
 * public.
 */
function securityOf({ document, operation }: Side): Requirement[] {
  const own = operation.security ?? (document['security'] as Requirement[] | undefined) ?? [];
  return own.length > 0 ? own : [{}];
}

function asksNoMoreThan(requirement: Requirement, other: Requirement): boolean {
  return Object.entries(requirement).every(([scheme, scopes]) => {
    const given = other[scheme];
    return given !== undefined && scopes.every((scope) => given.includes(scope));
  });
}

function nameAlternative(requirement: Requirement): string {
  const schemes = Object.entries(requirement).map(([scheme, scopes]) =>
    scopes.length > 0 ? `${scheme} (${scopes.join(', ')})` : scheme,
  );
  return schemes.length > 0 ? schemes.join(' and ') : 'no credentials';
}

/** Maps keys such as `GET /api/v1/users` to the operations of a document. */
export function operationsOf(document: ContractDocument): Map<string, Operation> {
  const METHODS = ['get', 'put', 'post', 'delete', 'patch', 'head', 'options', 'trace'];
  const operations = new Map<string, Operation>();
  for (const [path, written] of Object.entries((document['paths'] ?? {}) as object)) {
    const item = resolve(document, written as Record<string, unknown>);
    for (const method of METHODS.filter((each) => isObject(item[each]))) {
      const operation = item[method] as Operation;
      const shared = (item['parameters'] ?? []) as Parameter[];
      const parameters = [...shared, ...(operation.parameters ?? [])];
      operations.set(`${method.toUpperCase()} ${path}`, { ...operation, parameters });
    }
  }
  return operations;
}
