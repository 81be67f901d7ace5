import { createHash } from 'node:crypto';
import SerializerSelector from '@fastify/fast-json-stringify-compiler';
import fp from 'fastify-plugin';

type Serializer = SerializerSelector.Serializer;

declare module 'fastify' {
  interface FastifyInstance {
    /** Compiles the serializers of all routes, which else happens with the first answer of each. */
    compileSerializers(): void;
  }
}

/** The serializers of this process by what they were made from: as many as there are shapes. */
const made = new Map<string, Serializer>();

/**
 * Fastify's own compiler of serializers, but each shape is compiled once, and not once for each status
 * of each route that answers with it, and no earlier than with the first answer of that shape:
 * compiling them all was nine tenths of the time in which the service starts.
 *
 * A shape that cannot be compiled would fail with that answer; a test compiles them all.
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
        const key = `${compiler.hash} ${JSON.stringify(shapeOf(route.schema))}`;
        serializer = made.get(key) ?? compiler.compile({ httpStatus: '', ...route });
        made.set(key, serializer);
        return serializer;
      };
      waiting.add(compile);
      return (data) => (serializer ?? compile())(data);
    });

    app.decorate('compileSerializers', () => {
      for (const compile of waiting) compile();
    });

    function compilerFor(components: Record<string, unknown>) {
      const hash = createHash('sha256').update(JSON.stringify(components)).digest('base64');
      return { hash, compile: build(components) };
    }
  },
  { name: 'serialization', dependencies: ['components'] },
);

/** The schema without what is said of it: routes call the same shape by different words. */
function shapeOf(schema: unknown): unknown {
  return { ...(schema as object), description: undefined, examples: undefined };
}
