import { isDeepStrictEqual } from 'node:util';
import { type ContractDocument, isObject, resolve } from './alternatives.js';
import { compareOperations, operationsOf } from './operations.js';
import { type ContractChange, SchemaComparison } from './schemas.js';

export type { ContractDocument } from './alternatives.js';
export type { ContractChange } from './schemas.js';

/** The fields of a security scheme that clients depend on. */
const SCHEME_RULES = ['type', 'in', 'name', 'scheme', 'flows', 'openIdConnectUrl'];

/**
 * Returns the changes between two versions of an OpenAPI document that affect clients, breaking
 * changes first. Valid requests must stay valid, and responses must still match their old schema.
 * Pure additions are not listed.
 */
export function compareContracts(
  before: ContractDocument,
  after: ContractDocument,
): ContractChange[] {
  const schemas = new SchemaComparison(before, after);
  const is = operationsOf(after);
  const changes: ContractChange[] = compareSchemes(before, after);
  for (const [name, operation] of operationsOf(before)) {
    const now = is.get(name);
    if (now === undefined) changes.push({ severity: 'breaking', where: name, what: 'was removed' });
    else {
      const [old, its] = [
        { document: before, operation },
        { document: after, operation: now },
      ];
      changes.push(...compareOperations(old, its, schemas, name));
    }
  }
  return inOrder(changes);
}

function compareSchemes(before: ContractDocument, after: ContractDocument): ContractChange[] {
  const is = schemesOf(after);
  return Object.entries(schemesOf(before)).flatMap(([name, scheme]) => {
    const now = is[name];
    // The operations report a removed scheme, if any of them used it.
    if (now === undefined) return [];
    const differs = SCHEME_RULES.some((rule) => !isDeepStrictEqual(scheme[rule], now[rule]));
    const where = `security scheme ${name}`;
    return differs ? [{ severity: 'breaking', where, what: 'works another way' } as const] : [];
  });
}

function schemesOf(document: ContractDocument): Record<string, Record<string, unknown>> {
  const { components } = document;
  const schemes = isObject(components) ? components['securitySchemes'] : undefined;
  return Object.fromEntries(
    Object.entries(isObject(schemes) ? schemes : {}).map(([name, scheme]) => [
      name,
      resolve(document, scheme as Record<string, unknown>),
    ]),
  );
}

/** Removes duplicates, because many operations share a component, and sorts by severity. */
function inOrder(changes: ContractChange[]): ContractChange[] {
  const once = new Map(changes.map((each) => [JSON.stringify(each), each]));
  const bySeverity = (severity: ContractChange['severity']) =>
    [...once.values()].filter((each) => each.severity === severity);
  return [...bySeverity('breaking'), ...bySeverity('warning')];
}
