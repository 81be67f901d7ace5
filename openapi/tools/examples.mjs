// Request values: the contract's examples, or else a minimal value that the schema allows.

/** Returns a parameter's value as it appears in a URL or header; undefined without a parameter. */
export function exampleOfParameter(contract, parameter) {
  if (parameter === undefined) return undefined;
  const example = parameter.example ?? firstOf(parameter.examples);
  const value = example ?? exampleOf(contract, parameter.schema);
  return Array.isArray(value) ? value.join(',') : String(value);
}

/** Returns a request body in Postman's form; undefined if the operation takes none. */
export function exampleOfBody(contract, operation, made) {
  const content = operation.requestBody?.content;
  if (content === undefined) return undefined;
  const [type, media] = Object.entries(content)[0];
  const value = media.example ?? firstOf(media.examples) ?? exampleOf(contract, media.schema);
  const credentials = { username: '{{username}}', password: '{{password}}' };
  if (operation.operationId === 'auth-login') return jsonBody({ ...value, ...credentials });
  if (operation.operationId === 'api-keys-create') {
    return jsonBody({ ...value, current_password: credentials.password });
  }
  if (operation.operationId === 'tokens-create') {
    return { mode: 'urlencoded', urlencoded: fieldsOf(credentials) };
  }
  if (type === 'application/json') return jsonBody(value);
  if (type === 'application/x-www-form-urlencoded') {
    return { mode: 'urlencoded', urlencoded: fieldsOf(value) };
  }
  if (type === 'multipart/form-data') return { mode: 'formdata', formdata: partsOf(made, value) };
  return { mode: 'raw', raw: typeof value === 'string' ? value : JSON.stringify(value) };
}

function jsonBody(value) {
  const options = { raw: { language: 'json' } };
  return { mode: 'raw', raw: JSON.stringify(value, null, 2), options };
}

/** A list becomes a repeated field. */
function fieldsOf(form) {
  return Object.entries(form).flatMap(([key, value]) =>
    [value].flat().map((each) => ({ key, value: String(each) })),
  );
}

/**
 * Only the converter knows which parts are files; the guide serves as the file because it always
 * exists.
 */
function partsOf({ formdata = [] }, form) {
  return formdata.flatMap(({ key, type }) => {
    if (type === 'file') return [{ key, type, src: 'guide.md' }];
    return fieldsOf({ [key]: form?.[key] ?? [] }).map((field) => ({ ...field, type: 'text' }));
  });
}

/** Returns a value that the schema allows. */
function exampleOf(contract, schema = {}) {
  const { $ref } = schema;
  if ($ref !== undefined) return exampleOf(contract, resolve(contract, $ref));
  const given = schema.example ?? schema.examples?.[0] ?? schema.const ?? schema.default;
  if (given !== undefined && given !== null) return given;
  if (schema.enum !== undefined) return schema.enum[0];
  const part = schema.anyOf?.[0] ?? schema.oneOf?.[0] ?? schema.allOf?.[0];
  if (part !== undefined) return exampleOf(contract, part);
  switch ([schema.type].flat()[0]) {
    case 'integer':
    case 'number':
      return schema.minimum ?? 1;
    case 'boolean':
      return true;
    case 'array':
      return Array.from({ length: schema.minItems ?? 0 }, () => exampleOf(contract, schema.items));
    case 'object':
      return Object.fromEntries(
        (schema.required ?? []).map((name) => [
          name,
          exampleOf(contract, schema.properties?.[name]),
        ]),
      );
    default:
      return 'text'.padEnd(schema.minLength ?? 0, '.').slice(0, schema.maxLength);
  }
}

function resolve(contract, $ref) {
  return $ref
    .split('/')
    .slice(1)
    .reduce((at, part) => at[part.replaceAll('~1', '/').replaceAll('~0', '~')], contract);
}

function firstOf(examples) {
  return Object.values(examples ?? {})[0]?.value;
}
