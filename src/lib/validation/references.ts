import type { Definitions, JsonSchema } from './schema.js';

const isSchema = (value: unknown): value is JsonSchema =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Keywords that contain data, in which `$id` has no meaning. */
const DATA_KEYWORDS = new Set(['default', 'const', 'enum', 'examples', 'example', 'mapping']);

function collectIds(value: unknown, ids: Map<string, JsonSchema>, seen: Set<unknown>): void {
  if (typeof value !== 'object' || value === null || seen.has(value)) return;
  seen.add(value);
  if (Array.isArray(value)) {
    for (const item of value) collectIds(item, ids, seen);
    return;
  }
  const { $id } = value as JsonSchema;
  if (typeof $id === 'string') ids.set($id.replace(/#$/, ''), value as JsonSchema);
  for (const [key, item] of Object.entries(value)) {
    if (!DATA_KEYWORDS.has(key)) collectIds(item, ids, seen);
  }
}

function followPointer(root: JsonSchema, pointer: string): JsonSchema | undefined {
  let current: unknown = root;
  for (const raw of pointer.split('/').slice(1)) {
    const step = decodeURIComponent(raw).replaceAll('~1', '/').replaceAll('~0', '~');
    if (typeof current !== 'object' || current === null || !Object.hasOwn(current, step)) {
      return undefined;
    }
    current = (current as Record<string, unknown>)[step];
  }
  return isSchema(current) ? current : undefined;
}

/** Resolves `$ref`. */
export class References {
  readonly #root: JsonSchema;
  readonly #definitions: Definitions;
  #ids: Map<string, JsonSchema> | undefined;

  constructor(root: JsonSchema, definitions: Definitions) {
    this.#root = root;
    this.#definitions = definitions;
  }

  /** Collected on first use, because almost all schemas refer to definitions only. */
  #byId(id: string): JsonSchema | undefined {
    if (this.#ids === undefined) {
      this.#ids = new Map();
      const seen = new Set<unknown>();
      for (const schema of Object.values(this.#definitions)) collectIds(schema, this.#ids, seen);
      collectIds(this.#root, this.#ids, seen);
    }
    return this.#ids.get(id);
  }

  #byName(name: string): JsonSchema | undefined {
    if (name === '') return this.#root;
    const own = Object.hasOwn(this.#definitions, name) ? this.#definitions[name] : undefined;
    return own ?? this.#byId(name);
  }

  /** Returns the last segment of a reference, which is the class name of a component. */
  static nameOf(ref: string): string {
    const plain = ref.replace(/#$/, '');
    return plain.slice(Math.max(plain.lastIndexOf('/'), plain.lastIndexOf('#')) + 1);
  }

  /**
   * Resolves `Name`, `Name#`, `#/components/schemas/Name`, `#/$defs/Name`, `#/definitions/Name`,
   * `#`, and JSON pointers (RFC 6901) into any of them.
   *
   * @throws Error if the reference cannot be resolved
   */
  resolve(ref: string): JsonSchema {
    const listed = /^#\/(?:components\/schemas|\$defs|definitions)\/([^/]+)$/.exec(ref);
    const hash = ref.indexOf('#');
    const name = hash === -1 ? ref : ref.slice(0, hash);
    const pointer = hash === -1 ? '' : ref.slice(hash + 1);
    const base = this.#byName(name);
    const found =
      (listed?.[1] === undefined ? undefined : this.#byName(decodeURIComponent(listed[1]))) ??
      (base !== undefined && pointer !== '' ? followPointer(base, pointer) : base);
    if (found === undefined) throw new Error(`Schema reference ${ref} does not exist`);
    return found;
  }
}
