import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { tasks } from '#app/cli/tasks.js';
import { csvOf, rearm } from '#src/lib/export-formats.js';
import { temporaryDirectory } from '#test/src/db/embedded/support.js';
import { createTestApp } from '#test/support/app.js';
import { runHere } from '#test/support/article-folders.js';
import { createProject, joinProject } from '#test/support/projects.js';

const { app, createUser, signedIn, databaseUrl } = await createTestApp(t);
const owner = await signedIn({ username: 'Owner' });
const folder = temporaryDirectory(t);
const run = (...args: string[]) => runHere(tasks(), args, databaseUrl);

let files = 0;

/** Returns the path of a new file. */
function fileOf(text: string | object[], ending = 'jsonl'): string {
  files += 1;
  const file = join(folder, `tasks-${files}.${ending}`);
  const lines =
    typeof text === 'string' ? text : text.map((line) => JSON.stringify(line)).join('\n');
  writeFileSync(file, lines);
  return file;
}

async function tasksOf(project: { path: string }) {
  const { json } = await owner.get(`${project.path}/tasks?sort=number&size=100`);
  return json.items as Record<string, unknown>[];
}

/** A project with one task in each of two columns, full of what is hard to write. */
async function fullProject() {
  const project = await createProject(owner);
  const label = await owner.post(`${project.path}/labels`, { name: 'a, b', color: '#112233' });
  const plain = await owner.post(`${project.path}/labels`, { name: '设计', color: '#112233' });
  const first = await owner.post(`${project.path}/tasks`, {
    summary: '=SUM(A1)',
    description: '- one\n- two; =three\n\n"quoted", 第二行\n@four',
    priority: 'high',
    assignee_ids: [await ownerId()],
    label_ids: [label.json.id, plain.json.id],
    start_on: '2026-02-01',
    due_on: '2026-02-14',
    time_zone: 'Asia/Shanghai',
    estimate: 90,
    recurrence: 'FREQ=WEEKLY;BYDAY=MO',
  });
  const path = `${project.path}/tasks/${first.json.id}`;
  await owner.post(`${path}/checklist`, { text: '-1, "x"', done: true });
  await owner.post(`${project.path}/tasks`, { summary: 'Second' });
  await owner.post(`${project.path}/tasks`, { summary: 'Third' });
  const { json } = await owner.get(`${project.path}/tasks?q=Third`);
  await owner.post(`${project.path}/tasks/${json.items[0].id}/move`, { after_id: null });
  await owner.post(`${path}/transition`, { status: 'in_progress' });
  return project;
}

async function ownerId(): Promise<number> {
  return (await owner.get('/api/v1/me')).json.id as number;
}

for (const format of ['jsonl', 'csv']) {
  t.test(`exports and imports ${format} without loss`, async (t) => {
    const project = await fullProject();
    const file = join(folder, `export.${format}`);
    const exported = await run('export', project.key, file);
    t.same(exported, { code: 0, stdout: 'Tasks: 3 written.\n', stderr: '' });

    const copy = await createProject(owner);
    const imported = await run('import', copy.key, file);
    t.same(imported, {
      code: 0,
      stdout: 'Tasks: 3 created, 0 left out because their numbers exist.\n',
      stderr: 'New labels: a, b, 设计\n',
    });
    const again = join(folder, `again.${format}`);
    await run('export', copy.key, again);
    t.equal(readFileSync(again, 'utf8'), readFileSync(file, 'utf8'));

    const [first] = await tasksOf(copy);
    const { json } = await owner.get(`${copy.path}/tasks/${first?.['id']}`);
    t.match(json, {
      number: 1,
      summary: '=SUM(A1)',
      description: '- one\n- two; =three\n\n"quoted", 第二行\n@four',
      status: 'in_progress',
      due_at: '2026-02-14T16:00:00.000Z',
      checklist: [{ id: 1, text: '-1, "x"', done: true }],
      recurrence: 'FREQ=WEEKLY;BYDAY=MO',
    });
    t.match(json.description_html, '<li>two; =three</li>');
    const board = (await owner.get(`${copy.path}/board`)).json;
    t.same(
      board.columns[0].tasks.map(({ summary }: { summary: string }) => summary),
      ['Third', 'Second'],
      'in the order of the column',
    );

    t.match(await run('import', copy.key, file), {
      code: 0,
      stdout: 'Tasks: 0 created, 3 left out because their numbers exist.\n',
    });
    const next = await owner.post(`${copy.path}/tasks`, { summary: 'Next' });
    t.equal(next.json.number, 4);
  });
}

t.test('continues numbers, positions and history', async (t) => {
  const project = await createProject(owner);
  await owner.post(`${project.path}/tasks`, { summary: 'Here before' });
  const lines = [
    { summary: ' Without number ' },
    { number: 7, summary: 'Seven' },
    { summary: 'x' },
  ];
  t.match(await run('import', project.key, fileOf(lines)), { code: 0 });
  const all = await tasksOf(project);
  t.same(
    all.map(({ number, summary }) => [number, summary]),
    [
      [1, 'Here before'],
      [7, 'Seven'],
      [8, 'Without number'],
      [9, 'x'],
    ],
  );
  const { columns } = (await owner.get(`${project.path}/board`)).json;
  t.same(
    columns[0].tasks.map(({ number }: { number: number }) => number),
    [1, 8, 7, 9],
  );
  const history = await owner.get(`${project.path}/tasks/${all[1]?.['id']}/history`);
  t.match(history.json.items, [{ type: 'task.created', actor: null }]);
  const { rows } = await app.pg.query(`select after from audit_log where action = 'task.import'`);
  t.match(rows.at(-1), { after: { project_id: project.id, created: 3 } });
});

t.test('assigns members only, and names the others', async (t) => {
  const project = await createProject(owner);
  const member = await signedIn({ username: 'Member_A' });
  await joinProject(project, owner, { client: member, username: 'Member_A' });
  await createUser({ username: 'stranger' });
  const line = { summary: 'x', assignees: ['MEMBER_A', 'stranger', 'nobody'], creator: 'stranger' };
  t.match(await run('import', project.key, fileOf([line])), {
    code: 0,
    stderr: 'Not assigned, because they are no members: nobody, stranger\n',
  });
  const [task] = await tasksOf(project);
  t.match(task, { assignee_ids: [(await member.get('/api/v1/me')).json.id], creator_id: null });
});

t.test('imports nothing if one task is not valid, and says why of each', async (t) => {
  const project = await createProject(owner);
  const lines = [
    { summary: 'Good' },
    { summary: '' },
    { summary: 'x', status: 'doing' },
    { summary: 'x', start_on: '2026-02-02', due_on: '2026-02-01' },
    { summary: 'x', time_zone: 'Mars/Base' },
    { summary: 'x', labels: ['y'.repeat(51)] },
    'no object',
  ];
  const { code, stdout, stderr } = await run('import', project.key, fileOf(lines as object[]));
  t.equal(code, 1);
  t.equal(stdout, '');
  const reasons = stderr.trimEnd().split('\n');
  t.match(reasons[0], /^task 2: summary: /);
  t.match(reasons[1], /^task 3: status: /);
  t.match(reasons[2], /^task 4: start_on: /);
  t.match(reasons[3], /^task 5: time_zone: /);
  t.match(reasons[4], /^task 6: labels.name: /);
  t.match(reasons[5], /^task 7: : /);
  t.equal(reasons[6], 'Nothing was imported.');
  t.same(await tasksOf(project), []);
});

t.test('creates no labels and no tasks beyond the limits', async (t) => {
  const project = await createProject(owner);
  const labels = Array.from({ length: 101 }, (_, index) => `label ${index}`);
  const lines = labels.map((label) => ({ summary: 'x', labels: [label] }));
  t.match(await run('import', project.key, fileOf(lines)), { code: 1, stderr: /^error: / });
  t.equal((await owner.get(`${project.path}/labels`)).json.total, 0);
  const many = Array.from({ length: 20_001 }, () => ({ summary: 'x' }));
  t.match(await run('import', project.key, fileOf(many)), { code: 1, stderr: /^error: / });
  t.same(await tasksOf(project), []);
});

t.test('refuses files that it cannot read', async (t) => {
  const { key } = await createProject(owner);
  const cases: [file: string, message: RegExp][] = [
    [fileOf('{}\nno JSON'), /Line 2 is not JSON/],
    [fileOf('summary,labels\nx,[1', 'csv'), /Task 1: the cell of labels is not JSON/],
    [fileOf('summary\nx,y', 'csv'), /Invalid Record Length/],
    [fileOf('x', 'txt'), /must end in \.jsonl or \.csv/],
    [join(folder, 'missing.csv'), /ENOENT/],
  ];
  for (const [file, message] of cases) {
    const { code, stderr } = await run('import', key, file);
    t.equal(code, 1, file);
    t.match(stderr, message);
  }
  writeFileSync(join(folder, 'latin.jsonl'), Buffer.from('{"summary":"\xe4"}', 'latin1'));
  t.match(await run('import', key, join(folder, 'latin.jsonl')), { stderr: /UTF-8/ });
  t.match(await run('import', 'NONE', fileOf([])), { code: 1, stderr: /NONE does not exist/ });
});

t.test('overwrites a file only with --force', async (t) => {
  const { key } = await createProject(owner);
  const file = fileOf('kept', 'csv');
  t.match(await run('export', key, file), { code: 1, stderr: /use --force/ });
  t.equal(readFileSync(file, 'utf8'), 'kept');
  t.match(await run('export', key, file, '--force'), { code: 0 });
  t.match(readFileSync(file, 'utf8'), /^number,summary,description,/);
});

t.test('undoes what disarms formulas in CSV', async (t) => {
  const signs = ['=', '-', ';', '\n', '\t', '\r', '"', ' ', 'a'];
  const texts = signs.flatMap((a) => signs.flatMap((b) => signs.map((c) => `${a}${b}${c}=1`)));
  async function* lists() {
    yield texts.map((text) => ({ text: `${text}|` }));
  }
  let csv = '';
  for await (const piece of csvOf(lists(), ['text'])) csv += piece;
  const { parse } = await import('csv-parse/sync');
  const cells = parse(csv, { columns: true }) as { text: string }[];
  t.same(
    cells.map(({ text }) => rearm(text)),
    texts.map((text) => `${text}|`),
  );
});
