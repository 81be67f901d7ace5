import type { OpenAPIV3_1 } from 'openapi-types';

type Document = OpenAPIV3_1.Document;
type Parameter = OpenAPIV3_1.ParameterObject & { schema?: { deprecated?: boolean } };

/**
 * Tidies a generated document: marks parameters with a deprecated schema as deprecated, sorts tags
 * by their first operation, and removes unused schemas, such as those of disabled routes. Modifies
 * the document.
 */
export function tidyDocument(document: Document): Document {
  const operations = Object.values(document.paths ?? {}).flatMap((item) =>
    Object.values(item ?? {}),
  ) as OpenAPIV3_1.OperationObject[];
  for (const { parameters = [] } of operations) {
    for (const parameter of parameters as Parameter[]) {
      if (parameter.schema?.deprecated === true) parameter.deprecated = true;
    }
  }
  const described = new Map(document.tags?.map((tag) => [tag.name, tag]));
  const used = new Set(operations.flatMap(({ tags }) => tags ?? []));
  document.tags = [...used].map((name) => described.get(name) ?? { name });
  if (document.components?.schemas) dropUnused(document, document.components.schemas);
  return document;
}

function dropUnused(document: Document, schemas: Record<string, unknown>): void {
  const used = new Set<string>();
  const pending: unknown[] = [document.paths, document.components?.responses];
  while (pending.length > 0) {
    for (const name of referencesIn(pending.pop())) {
      if (!used.has(name)) pending.push(schemas[name]);
      used.add(name);
    }
  }
  for (const name of Object.keys(schemas)) {
    if (!used.has(name)) delete schemas[name];
  }
}

function referencesIn(part: unknown): string[] {
  const text = JSON.stringify(part) ?? '';
  return [...text.matchAll(/"#\/components\/schemas\/([^"]+)"/g)].map(([, name = '']) => name);
}
