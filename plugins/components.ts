import fp from 'fastify-plugin';
import { components } from '#schemas/index.js';

/** Makes every named schema known, so that routes refer to it and the document lists it once. */
export default fp(
  async (app) => {
    for (const component of components) app.addSchema(component);
  },
  { name: 'components' },
);
