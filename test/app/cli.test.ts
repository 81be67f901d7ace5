import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Command, CommanderError } from 'commander';
import t, { type Test } from 'tap';
import { exportCommand, importCommand } from '#app/cli/articles.js';
import { CHINESE } from '#app/cli/chinese.js';
import { createAdmin } from '#app/cli/create-admin.js';
import { db, initDb } from '#app/cli/db.js';
import { docs } from '#app/cli/docs.js';
import { generateSecretCommand } from '#app/cli/generate-secret.js';
import { invite } from '#app/cli/invite.js';
import { terminalLanguage } from '#app/cli/language.js';
import { openapi } from '#app/cli/openapi.js';
import { seed } from '#app/cli/seed.js';
import { setPassword } from '#app/cli/set-password.js';
import { ADMIN_PASSWORD_VARIABLE } from '#app/config.js';
import { DEMO_ADMINISTRATOR, DEMO_USERS } from '#app/demo/demo-data.js';
import { createMigration, MIGRATIONS_FOLDER, readMigrations } from '#src/db/migration-files.js';
import { migrateUp } from '#src/db/migrator.js';
import { validationMessage } from '#src/lib/messages/index.js';
import { projectRoot } from '#src/lib/project-root.js';
import { brokenPasswordRules } from '#src/people/lib/password-policy.js';
import { verifyPassword } from '#src/people/lib/passwords.js';
import { processesIn, query, temporaryDirectory, waitFor } from '#test/src/db/embedded/support.js';
import {
  COMMAND,
  environment,
  NODE,
  type Outcome,
  outcomeOf,
  run,
  start,
} from '#test/support/command.js';
import { createTestDatabase } from '#test/support/database.js';

const PASSWORD = 'Cedar-Lantern-42';

/** Asserts that the command failed with one line on standard error that contains the text. */
function refused(t: Test, { code, stdout, stderr }: Outcome, reason: string | RegExp): void {
  t.equal(code, 1);
  t.equal(stdout, '');
  t.match(stderr, reason);
  t.match(stderr, /^error: [^\n]+\n$/);
}

t.test('prints help for every command', async (t) => {
  const commands = [
    initDb(),
    db(),
    seed(),
    importCommand(),
    exportCommand(),
    createAdmin(),
    setPassword(),
    invite(),
    generateSecretCommand(),
    openapi(),
    docs(),
  ];
  function helpOf(command: Command): { text: string; exitCode: number | undefined } {
    let text = '';
    try {
      command
        .exitOverride()
        .configureOutput({ writeOut: (part) => (text += part) })
        .parse(['--help'], { from: 'user' });
    } catch (error) {
      return { text, exitCode: (error as CommanderError).exitCode };
    }
    return { text, exitCode: undefined };
  }
  for (const command of commands.flatMap((command) => [command, ...command.commands])) {
    const { text, exitCode } = helpOf(command);
    t.equal(exitCode, 0, `${command.name()} --help`);
    t.match(text, new RegExp(`^Usage: .*${command.name()}`));
    t.match(command.description(), /\w+ \w+/);
  }

  const help = await run(['--help']);
  t.equal(help.code, 0);
  for (const command of commands) t.match(help.stdout, `\n  ${command.name()} `);
});

t.test('rejects an unknown command with one line', async (t) => {
  const [unknown, unknownStep] = await Promise.all([run(['nonsense']), run(['db', 'nonsense'])]);
  refused(t, unknown, `unknown command 'nonsense'`);
  refused(t, unknownStep, `unknown command 'nonsense'`);
});

t.test('speaks the language of the terminal', async (t) => {
  const DATABASE_URL = await createTestDatabase(t, 'template0');
  const chinese = { DATABASE_URL, LANG: 'zh_CN.UTF-8' };
  const first = await run(['init-db'], chinese);
  t.same(first, { code: 0, stdout: '数据库初始化完成。\n', stderr: '' });
  const again = await run(['init-db'], { DATABASE_URL });
  t.same(again, { code: 0, stdout: 'The database is initialized.\n', stderr: '' });
  t.equal((await run(['db', 'up'], chinese)).stdout, '没有待执行的迁移。\n');

  const help = (await run(['db', '--help'], chinese)).stdout;
  t.match(help, /^用法： althing db .*管理数据库迁移.*命令：.*执行所有待执行的迁移/s);
  t.notMatch(help.replaceAll(/althing|\[.*?\]|<.*?>|--?[a-z-]+/g, ''), /[A-Z][a-z]+ [a-z]+/);
  const unknown = await run(['set-password', 'nobody'], {
    ...chinese,
    [ADMIN_PASSWORD_VARIABLE]: PASSWORD,
  });
  t.same(unknown, { code: 1, stdout: '', stderr: '错误：用户 nobody 不存在。\n' });
  const weak = await run(['create-admin', 'ada'], {
    ...chinese,
    [ADMIN_PASSWORD_VARIABLE]: 'short',
  });
  t.match(weak.stderr, /^错误：密码.*。\n$/);

  const languages: [variables: Record<string, string>, language: string][] = [
    [{}, 'en'],
    [{ LANG: 'zh' }, 'zh'],
    [{ LANG: 'zh_TW.UTF-8' }, 'zh'],
    [{ LANG: 'de_DE.UTF-8' }, 'en'],
    [{ LANG: 'zha' }, 'en'],
    [{ LANG: 'zh_CN.UTF-8', LC_ALL: 'C' }, 'en'],
    [{ LANG: 'zh_CN.UTF-8', LC_ALL: '', LC_MESSAGES: 'en_US.UTF-8' }, 'en'],
    [{ LANG: 'C', LC_MESSAGES: 'zh_CN.UTF-8' }, 'zh'],
  ];
  for (const [variables, language] of languages) {
    t.equal(terminalLanguage(variables), language, JSON.stringify(variables));
  }
});

t.test('every Chinese text has the placeholders of the English one', async (t) => {
  const placeholders = (text: string) => [...text.matchAll(/\{\w+\}/g)].map(String).sort();
  for (const [english, chinese] of Object.entries(CHINESE)) {
    t.same(placeholders(chinese), placeholders(english), english);
    t.match(chinese, /\p{Script=Han}/u);
  }
});

t.test('db stamp', async (t) => {
  const DATABASE_URL = await createTestDatabase(t, 'template0');
  const names = readMigrations().map(({ name }) => name);
  const db = (...args: string[]) => run(['db', ...args], { DATABASE_URL });
  const lines = (verb: string, list: string[]) => list.map((name) => `${verb}${name}\n`).join('');
  const [first = '', second = ''] = names;
  t.same(await db('stamp', second), {
    code: 0,
    stdout: lines('marked ', [first, second]),
    stderr: '',
  });
  const tables = 'select tablename from pg_tables where schemaname = $$public$$';
  t.same(await query(DATABASE_URL, tables), [{ tablename: 'migrations' }], 'nothing has run');
  const { stdout } = await db('status');
  t.match(stdout, new RegExp(`Z\\t${second}\\nnot applied\\t${names[2]}\\n`));
  t.equal((await db('stamp', first)).stdout, 'Nothing to mark.\n');
  t.equal((await db('stamp', 'head')).stdout, lines('marked ', names.slice(2)));
  t.equal((await db('up')).stdout, 'Nothing to apply.\n');
  refused(t, await db('stamp', 'nowhere'), 'There is no migration nowhere.');
  await query(DATABASE_URL, `update migrations set checksum = 'other' where name = '${first}'`);
  refused(t, await db('stamp', 'head'), `The migration ${first} was changed`);
});

t.test('db', async (t) => {
  const DATABASE_URL = await createTestDatabase(t, 'template0');
  const names = readMigrations().map(({ name }) => name);
  const newest = names.at(-1) ?? '';
  const db = (...args: string[]) => run(['db', ...args], { DATABASE_URL });
  const lines = (verb: string, list: string[]) => list.map((name) => `${verb}${name}\n`).join('');
  async function tableCount(): Promise<number> {
    const sql = `select from pg_tables where schemaname = 'public' and tablename <> 'migrations'`;
    return (await query(DATABASE_URL, sql)).length;
  }

  t.same(await db('status'), { code: 0, stdout: lines('not applied\t', names), stderr: '' });
  t.same(await query(DATABASE_URL, 'select from pg_tables where schemaname = $$public$$'), []);

  t.same(await db('up'), { code: 0, stdout: lines('applied ', names), stderr: '' });
  const all = await tableCount();
  t.ok(all > 0);
  t.match((await db('status')).stdout, /^(\d{4}-\d\d-\d\dT\S+Z\t\S+\n)+$/);
  t.same(await db('up'), { code: 0, stdout: 'Nothing to apply.\n', stderr: '' });

  t.same(await db('down', '--yes'), { code: 0, stdout: `reverted ${newest}\n`, stderr: '' });
  t.match((await db('status')).stdout, `not applied\t${newest}\n`);

  const rest = names.slice(0, -1).reverse();
  const down = await db('down', '--yes', '--steps', String(rest.length));
  t.same(down, { code: 0, stdout: lines('reverted ', rest), stderr: '' });
  t.equal(await tableCount(), 0);
  t.same(await db('down', '--yes'), { code: 0, stdout: 'Nothing to revert.\n', stderr: '' });

  refused(t, await db('down'), 'There is no terminal to ask for confirmation: confirm with --yes.');
  refused(t, await db('down', '--steps', '0'), 'Must be an integer of at least 1.');
  t.same(await db('up'), { code: 0, stdout: lines('applied ', names), stderr: '' });
  t.equal(await tableCount(), all);
});

t.test('db up lists rows that a migration cannot convert', async (t) => {
  const DATABASE_URL = await createTestDatabase(t, 'template0');
  const earlier = readMigrations().filter(({ name }) => name < '0024');
  await migrateUp(DATABASE_URL, earlier);
  await query(
    DATABASE_URL,
    `insert into tags (name, slug) values (U&'caf\\00e9', 'a'), (U&'cafe\\0301', 'b')`,
  );
  const { code, stdout, stderr } = await run(['db', 'up'], { DATABASE_URL });
  t.equal(code, 1);
  t.equal(stdout, '');
  const lines = stderr.split('\n');
  t.match(lines[0], /^error: The migration 0024_\w+ failed and was rolled back: these names /);
  t.match(lines[1], /^ {2}tags\.name: id 1 ".*" \(.*\), id 2 ".*" \(.*\)$/);
  t.match(lines[2], /^Nothing was changed\. Rename or delete /);
  t.same(lines.slice(3), ['']);
  t.match((await run(['db', 'status'], { DATABASE_URL })).stdout, 'not applied\t0024_');

  await query(DATABASE_URL, `update tags set name = 'tea' where id = 2`);
  const again = await run(['db', 'up'], { DATABASE_URL });
  t.equal(again.code, 0);
  t.match(again.stdout, /^applied 0024_/);
});

t.test('commands name misspelled variables before they use a database', async (t) => {
  const DATABASE_URL = await createTestDatabase(t);
  const outcome = await run(['db', 'status'], { DATABASE_URL, DATABSE_URL: 'secret' });
  t.equal(outcome.code, 0);
  t.equal(outcome.stderr, 'warning: DATABSE_URL is not read (did you mean DATABASE_URL?)\n');
});

t.test('db new', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'migrations-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  t.same(createMigration('first', folder), [
    join(folder, '0001_first.up.sql'),
    join(folder, '0001_first.down.sql'),
  ]);
  for (const direction of ['up', 'down'])
    writeFileSync(join(folder, `0041_a.${direction}.sql`), '');
  createMigration('add_last_login', folder);
  t.match(readFileSync(join(folder, '0042_add_last_login.up.sql'), 'utf8'), /^-- 0042/);
  const files = readdirSync(folder);
  t.equal(files.length, 6);
  for (const name of ['', 'Upper', 'two words', '../outside', 'dot.dot', 'ü', 'a'.repeat(61)]) {
    t.throws(() => createMigration(name, folder), /lower-case letters, digits and _/, name);
  }
  t.same(readdirSync(folder), files);

  const before = readdirSync(MIGRATIONS_FOLDER);
  refused(t, await run(['db', 'new', '../Bad Name']), 'lower-case letters, digits and _');
  t.same(readdirSync(MIGRATIONS_FOLDER), before);
});

t.test('seed', async (t) => {
  const DATABASE_URL = await createTestDatabase(t);
  const count = async () => (await query(DATABASE_URL, 'select from users')).length;
  const demo = DEMO_USERS.length + 1;

  const first = await run(['seed', '--users', '2500'], { DATABASE_URL });
  t.equal(first.code, 0);
  t.equal(await count(), demo + 2500);
  t.match(first.stderr, '2500/2500 users');
  const password = / with the password (\S+)\n$/.exec(first.stdout)?.[1] ?? '';
  const sql = `select password_hash as hash from users where username = '${DEMO_ADMINISTRATOR}'`;
  const [administrator] = await query(DATABASE_URL, sql);
  t.ok(await verifyPassword(password, String(administrator?.['hash'])));

  const second = await run(['seed', '--users', '3'], { DATABASE_URL });
  t.equal(second.code, 0);
  t.equal(second.stdout, 'The database already has users: no demo data was loaded.\n');
  t.equal(await count(), demo + 2503, 'further users have other names');
  refused(t, await run(['seed', '--users', '-1']), 'Must be an integer from 0 to');
});

t.test('create-admin', async (t) => {
  const DATABASE_URL = await createTestDatabase(t);
  const create = (args: string[], password = PASSWORD) =>
    run(['create-admin', ...args], { DATABASE_URL, [ADMIN_PASSWORD_VARIABLE]: password });

  const created = await create(['boss', 'boss@example.com']);
  t.same(created, { code: 0, stdout: 'Created the administrator boss.\n', stderr: '' });
  const [boss] = await query(DATABASE_URL, 'select * from users');
  t.match(boss, { username: 'boss', email: 'boss@example.com', role: 'admin', is_active: true });
  t.ok(await verifyPassword(PASSWORD, String(boss?.['password_hash'])));

  const [name, email, invalidName, invalidEmail, weak, own, nobody] = await Promise.all([
    create(['BOSS']),
    create(['second', 'BOSS@example.com']),
    create(['1st']),
    create(['second', 'nowhere']),
    create(['second'], 'ä'),
    create(['second', 'mailbox@example.com'], 'Second-Mailbox-9'),
    create(['second'], ''),
  ]);
  refused(t, name, 'The username is already taken.');
  refused(t, email, 'The email is already taken.');
  refused(t, invalidName, /^error: username: .*[^.]\.\n$/);
  refused(t, invalidEmail, /^error: email: .*[^.]\.\n$/);
  refused(t, weak, 'Password');
  t.equal(brokenPasswordRules('ä').length, 4);
  for (const { type, ctx } of brokenPasswordRules('ä')) {
    t.ok(weak.stderr.includes(validationMessage('en', type, ctx)), type);
  }
  refused(t, own, 'should not contain your username');
  refused(t, own, 'should not contain your email address');
  refused(t, nobody, `set ${ADMIN_PASSWORD_VARIABLE}`);
  t.equal((await query(DATABASE_URL, 'select from users')).length, 1);
});

/** `script` of util-linux runs a command in its own terminal. */
const scriptVersion = spawnSync('script', ['--version'], { encoding: 'utf8' }).stdout ?? '';
const terminal = scriptVersion.includes('util-linux')
  ? {}
  : { skip: 'needs the program script of util-linux' };

t.test('create-admin prompts for the password without echoing it', terminal, async (t) => {
  const DATABASE_URL = await createTestDatabase(t);
  /** Answers each prompt and returns the terminal output. */
  async function type(username: string, answers: string[]): Promise<Outcome> {
    const command = [...COMMAND, 'create-admin', username].map((part) => `'${part}'`).join(' ');
    const child = spawn('script', ['-qec', command, '/dev/null'], {
      cwd: projectRoot,
      env: environment({ DATABASE_URL, TERM: 'dumb' }),
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    t.teardown(() => child.kill());
    let screen = '';
    child.stdout.on('data', (text) => {
      screen += text;
    });
    const outcome = outcomeOf(child);
    for (const [index, answer] of answers.entries()) {
      await waitFor(() => screen.includes(['Password:', 'Again:'][index] ?? ''));
      child.stdin.write(answer);
    }
    return outcome;
  }

  const [created, differing, ended, interrupted] = await Promise.all([
    type('boss', [`${PASSWORD}\r`, `${PASSWORD}\r`]),
    type('second', [`${PASSWORD}\r`, 'Different123!\r']),
    type('second', ['\x04']),
    type('second', ['\x03']),
  ]);
  t.equal(created.code, 0);
  t.match(created.stdout, /^Password: \r\nAgain: \r\nCreated the administrator boss\.\r\n$/);
  const [boss] = await query(DATABASE_URL, 'select * from users');
  t.ok(await verifyPassword(PASSWORD, String(boss?.['password_hash'])));

  t.equal(differing.code, 1);
  t.match(differing.stdout, /\r\nerror: The two passwords do not match\.\r\n$/);
  for (const { code, stdout } of [ended, interrupted]) {
    t.equal(code, 1);
    t.match(stdout, /^Password: \r\nerror: No password was given\.\r\n$/);
  }
  t.equal((await query(DATABASE_URL, 'select from users')).length, 1);
});

t.test('stops the embedded database together with the command', async (t) => {
  const DATA_DIR = join(temporaryDirectory(t), 'data');
  const cluster = join(DATA_DIR, 'postgres/cluster');

  const interrupted = start(['db', 'up'], { DATA_DIR });
  const outcome = outcomeOf(interrupted);
  await waitFor(() => existsSync(join(cluster, 'postmaster.pid')));
  // Like Ctrl-C under npm: the terminal signals the whole group, and npm signals once more.
  interrupted.kill('SIGINT');
  await sleep(5);
  interrupted.kill('SIGINT');
  t.same(await outcome, { code: 1, stdout: '', stderr: 'error: Interrupted.\n' });
  t.same(processesIn(cluster), []);

  const { code, stderr } = await run(['db', 'up'], { DATA_DIR });
  t.same({ code, stderr }, { code: 0, stderr: '' });
  t.same(processesIn(cluster), []);
});

t.test('reports an unreachable database in one line', async (t) => {
  const DATABASE_URL = 'postgresql://me:s3cret@127.0.0.1:1/none';
  const outcome = await run(['db', 'status'], { DATABASE_URL });
  refused(t, outcome, 'The database at 127.0.0.1:1 is not reachable');
  t.notOk(outcome.stderr.includes('s3cret'));
});

t.test('generate-secret returns a new secret each time', async (t) => {
  const [one, two] = await Promise.all([run(['generate-secret']), run(['generate-secret'])]);
  for (const { code, stdout, stderr } of [one, two]) {
    t.match(stdout, /^[0-9a-f]{64}\n$/);
    t.same({ code, stderr }, { code: 0, stderr: '' });
  }
  t.not(one.stdout, two.stdout);
});

t.test('openapi --check accepts the committed contract', async (t) => {
  t.same(await run(['openapi', '--check']), { code: 0, stdout: '', stderr: '' });
});

t.test('runs beside a service that uses the embedded database', async (t) => {
  const DATA_DIR = join(temporaryDirectory(t), 'data');
  const [program, ...options] = NODE;
  const service = spawn(program, [...options, join(projectRoot, 'build/app/server.js')], {
    cwd: projectRoot,
    env: environment({ DATA_DIR, PORT: '0', LOG_LEVEL: 'warn' }),
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = new Promise((resolve) => service.once('close', resolve));
  t.teardown(async () => {
    service.kill('SIGKILL');
    await ended;
  });
  let output = '';
  service.stdout.on('data', (text) => {
    output += text;
  });
  // While the service is starting, a command waits for its database.
  await waitFor(() => existsSync(join(DATA_DIR, 'postgres/owners')), 60_000);
  t.equal((await run(['db', 'status'], { DATA_DIR })).code, 0);
  await waitFor(() => /curl/.test(output), 60_000);
  const origin = /http:\S+/.exec(output)?.[0] ?? '';

  const given = { DATA_DIR, [ADMIN_PASSWORD_VARIABLE]: PASSWORD };
  const created = await run(['create-admin', 'second'], given);
  t.same(created, { code: 0, stdout: 'Created the administrator second.\n', stderr: '' });
  const signIn = (password: string) =>
    fetch(`${origin}/api/v1/auth/token`, {
      method: 'POST',
      body: new URLSearchParams({ username: 'second', password }),
    });
  const { access_token: token } = (await (await signIn(PASSWORD)).json()) as {
    access_token: string;
  };
  const headers = { authorization: `Bearer ${token}` };
  t.equal((await fetch(`${origin}/api/v1/me`, { headers })).status, 200);

  const folder = join(temporaryDirectory(t), 'articles');
  t.match(await run(['export', folder], { DATA_DIR }), { code: 0, stdout: /4 written|5 written/ });
  t.match(await run(['import', folder], { DATA_DIR }), { code: 0, stdout: /0 skipped/ });

  const changed = 'Battery-Staple-8';
  const set = await run(['set-password', 'SECOND'], {
    DATA_DIR,
    [ADMIN_PASSWORD_VARIABLE]: changed,
  });
  t.same(set, { code: 0, stdout: 'Set the password of second.\n', stderr: '' });
  t.equal((await fetch(`${origin}/api/v1/me`, { headers })).status, 401, 'ends the sessions');
  t.equal((await signIn(PASSWORD)).status, 401);
  t.equal((await signIn(changed)).status, 200);
  refused(t, await run(['set-password', 'nobody'], given), 'The user nobody does not exist.');
  refused(
    t,
    await run(['set-password', 'second'], { DATA_DIR, [ADMIN_PASSWORD_VARIABLE]: 'short' }),
    'error: ',
  );

  refused(t, await run(['invite', 'second'], { DATA_DIR }), 'already has a password');
  const invited = await run(['invite', 'alice'], { DATA_DIR });
  t.match(invited, { code: 0, stderr: 'It works once, within 7 days.\n' });
  const accepted = await fetch(`${origin}/api/v1/auth/reset-password`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      token: /[\w-]{43}/.exec(invited.stdout)?.[0],
      new_password: PASSWORD,
      confirm_password: PASSWORD,
    }),
  });
  t.equal(accepted.status, 200);

  t.equal((await fetch(`${origin}/ready`)).status, 200, 'no command has stopped the database');
  service.kill('SIGTERM');
  t.equal(await ended, 0);
  t.match(await run(['db', 'status'], { DATA_DIR }), { code: 0, stderr: '' });
});
