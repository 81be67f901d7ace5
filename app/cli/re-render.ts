import { reRenderAll } from '#src/articles/services/re-rendering.js';
import { countSources } from '#src/articles/stores/rendered-html.js';
import { withDatabase } from './context.js';
import { say } from './language.js';
import { progressOf } from './progress.js';

/**
 * Re-renders all posts and comments and prints how many changed. Reports on standard error those
 * that keep their former HTML, because the new one would be too long, and skipped ones, these also
 * with exit status 1.
 */
export async function reRender(): Promise<void> {
  await withDatabase(async (db) => {
    const changed = { post: 0, comment: 0 };
    const skipped: string[] = [];
    const kept: string[] = [];
    const bar = progressOf('texts', await countSources(db));
    try {
      for await (const { kind, id, outcome } of reRenderAll(db)) {
        if (outcome === 'changed') changed[kind] += 1;
        if (outcome === 'skipped') {
          skipped.push(say('skipped {kind} {id}: rendering takes too long', { kind, id }));
        }
        if (outcome === 'too_long') {
          kept.push(
            say('kept the former HTML of {kind} {id}: the new HTML would be too long', {
              kind,
              id,
            }),
          );
        }
        bar.increment();
      }
    } finally {
      bar.stop();
    }
    for (const line of [...kept, ...skipped]) console.error(line);
    const { post: posts, comment: comments } = changed;
    console.log(
      say('Changed by re-rendering: {posts} posts, {comments} comments.', { posts, comments }),
    );
    if (skipped.length > 0) process.exitCode = 1;
  });
}
