/** `npm run openapi:diff`: reports contract changes that break clients. Needs git. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { projectRoot } from '../../src/lib/project-root.js';
import { compareContracts } from './contract-diff/index.js';

const CONTRACT = 'openapi/openapi.json';

const program = new Command('openapi:diff')
  .description('Reports which changes of openapi/openapi.json break clients. Needs git.')
  .argument('[revision]', 'the git revision to compare with (default: the last tag)')
  .option('--allow-breaking', 'exit with status 0 despite breaking changes')
  .action((given: string | undefined, { allowBreaking }: { allowBreaking?: boolean }) => {
    const revision = given ?? lastTag();
    if (revision === undefined) {
      console.log('There is no release to compare with.');
      return;
    }
    const after = JSON.parse(readFileSync(join(projectRoot, CONTRACT), 'utf8'));
    const changes = compareContracts(contractAt(revision), after);
    for (const { severity, where, what } of changes) console.log(`${severity}: ${where} ${what}`);
    const breaking = changes.filter(({ severity }) => severity === 'breaking').length;
    const warnings = changes.length - breaking;
    console.log(`Since ${revision}: ${breaking} breaking changes, ${warnings} warnings`);
    if (breaking > 0 && allowBreaking !== true) process.exitCode = 1;
  });

/** Returns the newest release tag that is an ancestor of HEAD. */
function lastTag(): string | undefined {
  const tags = git(['tag', '--merged', 'HEAD', '--sort=-creatordate']);
  return tags.split('\n').find(Boolean);
}

function contractAt(revision: string): Record<string, unknown> {
  // git would read a leading hyphen as an option.
  if (revision.startsWith('-')) throw new Error(`${revision} is not a revision.`);
  return JSON.parse(git(['show', `${revision}:./${CONTRACT}`]));
}

function git(args: string[]): string {
  try {
    return execFileSync('git', args, {
      cwd: projectRoot,
      encoding: 'utf8',
      maxBuffer: 256 * 1024 * 1024,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  } catch (error) {
    const { stderr, message } = error as Error & { stderr?: string };
    const [reason = ''] = (stderr || message).split('\n');
    throw new Error(`git ${args[0]}: ${reason.replace(/^fatal: /, '')}`);
  }
}

try {
  program.parse();
} catch (error) {
  console.error(`error: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
}
