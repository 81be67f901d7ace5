import { renewMarkup } from '../services/markup-renewal.js';
import { countMarkup } from '../stores/markup.js';
import { withDatabase } from './context.js';
import { progressOf } from './progress.js';

/** Makes what is shown of posts and comments anew, and says of how many it is now otherwise. */
export async function renderAgain(): Promise<void> {
  await withDatabase(async (db) => {
    const changed = { post: 0, comment: 0 };
    const bar = progressOf('texts', await countMarkup(db));
    try {
      for await (const { kind, isChanged } of renewMarkup(db)) {
        if (isChanged) changed[kind] += 1;
        bar.increment();
      }
    } finally {
      bar.stop();
    }
    console.log(`Rendered otherwise: ${changed.post} posts, ${changed.comment} comments.`);
  });
}
