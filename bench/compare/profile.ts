import { mkdir, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { projectRoot } from '#src/lib/project-root.js';
import { freePort } from './contenders.js';
import { signIn } from './credentials.js';
import type { DataSize } from './fill.js';
import { profileWhile } from './inspector.js';
import { moreRowsOf } from './more-rows.js';
import { SERVICE } from './programs.js';
import { rowsOf } from './rows.js';
import { type Shares, sharesByFunction, sharesByPackage } from './shares.js';
import { withStage } from './stage.js';
import { requestsFor, takeTurn } from './turns.js';

const FOLDER = join(projectRoot, 'bench/profiles');
const WARM_UP_SECONDS = 3;
const FUNCTIONS = 30;

/**
 * Profiles the service under the load of the first row whose name contains the text; prints the
 * shares of its time.
 *
 * @throws Error if there is no such row
 */
export async function profileRow(text: string, size: DataSize, seconds: number): Promise<void> {
  const port = await freePort();
  const program = { ...SERVICE, args: [`--inspect=127.0.0.1:${port}`, ...SERVICE.args] };
  await withStage(size, [program], async ({ contenders, loader }) => {
    const [service] = contenders;
    if (service === undefined) throw new Error('There is no service.');
    const credentials = await signIn(service.origin);
    const rows = [...rowsOf(size, credentials), ...moreRowsOf(size, credentials)];
    const row = rows.find(({ name }) => name.includes(text));
    if (row === undefined) throw new Error(`No row contains "${text}".`);
    const requests = await requestsFor(row, service);
    await takeTurn(loader, service, requests, row, WARM_UP_SECONDS);
    const profile = await profileWhile(port, async () => {
      const { rate, cost } = await takeTurn(loader, service, requests, row, seconds);
      const microseconds = (cost * 1e6).toFixed(0);
      console.log(
        `${row.name}: ${rate.toFixed(0)} requests/s, ${microseconds} µs of processor each`,
      );
    });
    print('package', sharesByPackage(profile));
    print('function', sharesByFunction(profile).slice(0, FUNCTIONS));
    const path = join(FOLDER, `${row.name.replace(/\W+/g, '-')}.cpuprofile`);
    await mkdir(FOLDER, { recursive: true });
    await writeFile(path, JSON.stringify(profile));
    console.log(`\nThe profile is ${relative(process.cwd(), path)}; browsers and editors open it.`);
  });
}

function print(title: string, shares: Shares): void {
  console.log(`\nshare   ${title}`);
  for (const [name, share] of shares) {
    if (share >= 0.001) console.log(`${(share * 100).toFixed(1).padStart(5)} %  ${name}`);
  }
}
