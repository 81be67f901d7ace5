import type { OpenAPIV3_1 } from 'openapi-types';

type Document = OpenAPIV3_1.Document;
type Parameter = OpenAPIV3_1.ParameterObject & {
  schema?: { deprecated?: boolean; examples?: unknown[] };
};

/**
 * Tidies a generated document: marks parameters with a deprecated schema as deprecated, and removes
 * unused tags and schemas, such as those of disabled routes. Examples of optional parameters move to
 * the schema, because Swagger UI fills in those of the parameter: filters would be set that the
 * reader did not choose. Modifies the document.
 */
export function tidyDocument(document: Document): Document {
  const operations = Object.values(document.paths ?? {}).flatMap((item) =>
    Object.values(item ?? {}),
  ) as OpenAPIV3_1.OperationObject[];
  for (const { parameters = [] } of operations) {
    for (const parameter of parameters as Parameter[]) {
      if (parameter.schema?.deprecated === true) parameter.deprecated = true;
      if (parameter.required === true || parameter.example === undefined) continue;
      parameter.schema = { ...parameter.schema, examples: [parameter.example] };
      delete parameter.example;
    }
  }
  const used = new Set(operations.flatMap(({ tags }) => tags ?? []));
  document.tags = (document.tags ?? []).filter(({ name }) => used.has(name));
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
