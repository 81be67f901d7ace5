/** The supported part of JSON Schema 2020-12, with older forms that TypeBox emits. */
export interface JsonSchema {
  readonly $id?: string | undefined;
  readonly $ref?: string | undefined;
  readonly $defs?: Readonly<Record<string, JsonSchema>> | undefined;
  readonly definitions?: Readonly<Record<string, JsonSchema>> | undefined;
  readonly title?: string | undefined;
  readonly default?: unknown | undefined;
  readonly type?: string | readonly string[] | undefined;
  readonly nullable?: boolean | undefined;
  readonly enum?: readonly unknown[] | undefined;
  readonly const?: unknown | undefined;
  readonly anyOf?: readonly JsonSchema[] | undefined;
  readonly oneOf?: readonly JsonSchema[] | undefined;
  readonly allOf?: readonly JsonSchema[] | undefined;
  readonly discriminator?:
    | {
        readonly propertyName: string;
        readonly mapping?: Readonly<Record<string, string>> | undefined;
      }
    | undefined;
  readonly format?: string | undefined;
  readonly writeOnly?: boolean | undefined;
  readonly minLength?: number | undefined;
  readonly maxLength?: number | undefined;
  readonly pattern?: string | undefined;
  readonly contentMediaType?: string | undefined;
  readonly contentSchema?: JsonSchema | undefined;
  readonly multipleOf?: number | undefined;
  readonly minimum?: number | undefined;
  readonly maximum?: number | undefined;
  readonly exclusiveMinimum?: number | undefined;
  readonly exclusiveMaximum?: number | undefined;
  readonly items?: JsonSchema | boolean | readonly JsonSchema[] | undefined;
  readonly prefixItems?: readonly JsonSchema[] | undefined;
  readonly additionalItems?: JsonSchema | boolean | undefined;
  readonly minItems?: number | undefined;
  readonly maxItems?: number | undefined;
  readonly uniqueItems?: boolean | undefined;
  readonly properties?: Readonly<Record<string, JsonSchema>> | undefined;
  readonly required?: readonly string[] | undefined;
  // TypeBox sets the key even to undefined.
  readonly additionalProperties?: JsonSchema | boolean | undefined | undefined;
  readonly unevaluatedProperties?: JsonSchema | boolean | undefined;
  readonly patternProperties?: Readonly<Record<string, JsonSchema>> | undefined;
  readonly propertyNames?: JsonSchema | undefined;
  readonly minProperties?: number | undefined;
  readonly maxProperties?: number | undefined;
}

/** Shared schemas by the name that `$ref` uses. */
export type Definitions = Readonly<Record<string, JsonSchema>>;
