import { join } from 'node:path';
import t from 'tap';
import { projectRoot } from '#src/lib/project-root.js';
import { runConformance, total } from './run.js';

t.test('answers every recorded request like FastAPI', async (t) => {
  const { passed, failed, skipped, differences } = await runConformance(
    join(projectRoot, 'test/fixtures/fastapi-422'),
  );
  for (const difference of differences) {
    t.same(difference.actual, difference.expected, `${difference.id} (${difference.group})`);
  }
  for (const { id, reason } of skipped) t.comment(`${id} is not run: ${reason}`);
  t.comment(`${total(passed)} passed, ${total(failed)} failed, ${skipped.length} not run`);
  t.equal(total(failed), 0);
  t.equal(total(passed) + skipped.length, 283 + 675, 'no recording is lost');
  t.ok(skipped.length <= 7);
});
