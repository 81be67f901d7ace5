import fp from 'fastify-plugin';
import { Searches, type SearchesOptions } from '#src/lists/searches.js';

declare module 'fastify' {
  interface FastifyInstance {
    /** Limits the searches of this process. */
    searches: Searches;
  }
}

/** Limits how many searches run at once, for how long, and for whom. */
export default fp<SearchesOptions>(
  async (app, options) => {
    app.decorate('searches', new Searches(options));
  },
  { name: 'searches' },
);
