import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { relative } from 'node:path';
import { Command } from 'commander';
import { compareContracts } from '../lib/contract-diff/index.js';
import { projectRoot } from '../lib/project-root.js';
import { OPENAPI_FILE } from './openapi.js';

/** `openapi-diff`: what clients of an earlier version of the contract notice of this one. */
export function openapiDiff(): Command {
  return new Command('openapi-diff')
    .description('Says which changes of openapi/openapi.json break clients; needs git')
    .argument('[revision]', 'the git revision to compare with (default: the last tag)')
    .option('--allow-breaking', 'do not fail because of breaking changes')
    .action((given: string | undefined, { allowBreaking }: { allowBreaking?: boolean }) => {
      const revision = given ?? lastTag();
      if (revision === undefined) {
        console.log('There is no release to compare with.');
        return;
      }
      const after = JSON.parse(readFileSync(OPENAPI_FILE, 'utf8'));
      const changes = compareContracts(contractAt(revision), after);
      for (const { severity, where, what } of changes) console.log(`${severity}: ${where} ${what}`);
      const breaking = changes.filter(({ severity }) => severity === 'breaking').length;
      const warnings = changes.length - breaking;
      console.log(`Since ${revision}: ${breaking} breaking changes, ${warnings} warnings`);
      if (breaking > 0 && allowBreaking !== true) process.exitCode = 1;
    });
}

/** The youngest release that the working tree comes from. */
function lastTag(): string | undefined {
  const tags = git(['tag', '--merged', 'HEAD', '--sort=-creatordate']);
  return tags.split('\n').find(Boolean);
}

function contractAt(revision: string): Record<string, unknown> {
  // What begins with a hyphen would be an option of git's.
  if (revision.startsWith('-')) throw new Error(`${revision} is no revision.`);
  // git names files with slashes wherever it runs.
  const name = relative(projectRoot, OPENAPI_FILE).replaceAll('\\', '/');
  return JSON.parse(git(['show', `${revision}:./${name}`]));
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
