import { createHash } from 'node:crypto';
import SerializerSelector from '@fastify/fast-json-stringify-compiler';
import fp from 'fastify-plugin';
import { answerSchema } from '#src/lib/answer-schema.js';

type Serializer = SerializerSelector.Serializer;

declare module 'fastify' {
  interface FastifyInstance {
    /** Compiles the serializers of all routes. By default each is compiled with its first answer. */
    compileSerializers(): void;
  }
}

/** Serializers of this process by schema; their number is bounded by that of the schemas. */
const serializers = new Map<string, Serializer>();

/**
 * Compiles serializers like Fastify, but each schema only once instead of once per route and
 * status, and with its first answer: compiling them all took nine tenths of the startup time. They
 * know the shape of answers, and no limits of values, see `answerSchema`.
 *
 * A schema that cannot be compiled would fail with that answer; a test compiles all of them.
 */
export default fp(
  async (app) => {
    const build = SerializerSelector();
    let compiler: { hash: string; compile: SerializerSelector.SerializerCompiler } | undefined;

    const waiting = new Set<() => Serializer>();

    app.setSerializerCompiler((route): Serializer => {
      let serializer: Serializer | undefined;
      const compile = () => {
        waiting.delete(compile);
        compiler ??= compilerFor(app.getSchemas());
        const schema = answerSchema(route.schema);
        const key = `${compiler.hash} ${JSON.stringify(shapeOf(schema))}`;
        serializer = serializers.get(key) ?? compiler.compile({ httpStatus: '', ...route, schema });
        serializers.set(key, serializer);
        return serializer;
      };
      waiting.add(compile);
      return (data) => (serializer ?? compile())(data);
    });

    app.decorate('compileSerializers', () => {
      for (const compile of waiting) compile();
    });

    function compilerFor(schemas: Record<string, unknown>) {
      const components = Object.fromEntries(
        Object.entries(schemas).map(([name, schema]) => [name, answerSchema(schema)]),
      );
      const hash = createHash('sha256').update(JSON.stringify(components)).digest('base64');
      return { hash, compile: build(components) };
    }
  },
  { name: 'serialization', dependencies: ['components'] },
);

/** Returns the schema without its description and examples, which routes word differently. */
function shapeOf(schema: unknown): unknown {
  return { ...(schema as object), description: undefined, examples: undefined };
}
