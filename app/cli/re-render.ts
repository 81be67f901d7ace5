import { reRenderers } from '#app/re-renderers.js';
import { RENDERED_KINDS, type RenderedKind } from '#src/markdown/re-renderer.js';
import { reRenderAll } from '#src/markdown/re-rendering.js';
import { withDatabase } from './context.js';
import { say } from './language.js';
import { progressOf } from './progress.js';

/**
 * Re-renders all posts, comments and tasks and prints how many changed. Reports on standard error
 * those that keep their former HTML, because the new one would be too long, and skipped ones, these
 * also with exit status 1.
 */
export async function reRender(): Promise<void> {
  await withDatabase(async (db) => {
    const changed: Record<RenderedKind, number> = {
      post: 0,
      comment: 0,
      task: 0,
      task_comment: 0,
    };
    const skipped: string[] = [];
    const kept: string[] = [];
    let total = 0;
    for (const kind of RENDERED_KINDS) total += await reRenderers[kind].count(db);
    const bar = progressOf('texts', total);
    try {
      for (const kind of RENDERED_KINDS) {
        for await (const { id, outcome } of reRenderAll(db, reRenderers[kind])) {
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
      }
    } finally {
      bar.stop();
    }
    for (const line of [...kept, ...skipped]) console.error(line);
    console.log(
      say(
        'Changed by re-rendering: {post} posts, {comment} comments, {task} tasks, {task_comment} comments on tasks.',
        changed,
      ),
    );
    if (skipped.length > 0) process.exitCode = 1;
  });
}
