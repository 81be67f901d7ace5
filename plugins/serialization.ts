import { createHash } from 'node:crypto';
import SerializerSelector from '@fastify/fast-json-stringify-compiler';
import fp from 'fastify-plugin';

type Serializer = SerializerSelector.Serializer;

/** The serializers of this process by what they were made from: as many as there are shapes. */
const made = new Map<string, Serializer>();

/**
 * Fastify's own compiler of serializers, but each shape is compiled once, and not once for each status
 * of each route that answers with it: most answer with the same few errors, and compiling those was
 * nine tenths of the time in which the service starts.
 */
export default fp(
  async (app) => {
    const build = SerializerSelector();
    let compiler: { hash: string; compile: SerializerSelector.SerializerCompiler } | undefined;

    app.setSerializerCompiler((route): Serializer => {
      compiler ??= compilerFor(app.getSchemas());
      const key = `${compiler.hash} ${JSON.stringify(shapeOf(route.schema))}`;
      const serializer = made.get(key) ?? compiler.compile({ httpStatus: '', ...route });
      made.set(key, serializer);
      return serializer;
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
