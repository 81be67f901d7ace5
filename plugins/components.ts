import fp from 'fastify-plugin';
import { components } from '#schemas/index.js';

/**
 * Registers all named schemas, so that routes can reference them and the OpenAPI document lists
 * them once.
 */
export default fp(
  async (app) => {
    for (const component of components) app.addSchema(component);
  },
  { name: 'components' },
);
