import { get } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { Command } from 'commander';
import pg from 'pg';
import { withService } from './service.js';

const MIB = 1024 * 1024;

/** `export`: measures the service's memory while it exports very many users. */
export function benchExport(): Command {
  return new Command('export')
    .description('exports very many users to a fast and to a slow reader; prints time and memory')
    .option('--users <n>', 'how many', Number, 1_000_000)
    .action(async ({ users }: { users: number }) => {
      await withService(
        (databaseUrl) => fill(databaseUrl, users),
        async ({ origin, peakMemory }) => {
          const idle = await peakMemory();
          console.log(`users ${users}; peak memory idle ${mib(idle)}`);
          for (const format of ['csv', 'json']) {
            for (const pause of [0, 1]) {
              const { bytes, lines, seconds } = await read(
                `${origin}/api/v1/users/export.${format}`,
                pause,
              );
              const reader = pause === 0 ? 'fast' : 'slow';
              console.log(
                `${format} to a ${reader} reader: ${lines} lines, ${mib(bytes)} in ${seconds.toFixed(1)} s; ` +
                  `peak memory so far ${mib(await peakMemory())}`,
              );
            }
          }
        },
      );
    });
}

async function fill(databaseUrl: string, count: number): Promise<void> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  await client.query(
    `insert into users (username, username_folded, email, email_folded, nickname, bio, tags,
            address)
     select 'user_' || n, 'user_' || n, 'user_' || n || '@example.com',
            'user_' || n || '@example.com', 'Number ' || n, repeat('word ', 20),
            '{staff,beta}', '{"street": "Main St 123", "city": "Shenzhen", "zipcode": null}'
     from generate_series(1, $1::integer) as n`,
    [count],
  );
  await client.end();
}

/** Reads a response to its end. A slow reader sleeps `pause` × 20 ms after every mebibyte. */
function read(
  url: string,
  pause: number,
): Promise<{ bytes: number; lines: number; seconds: number }> {
  const begin = performance.now();
  return new Promise((resolve, reject) => {
    get(url, async (response) => {
      let bytes = 0;
      let lines = 0;
      let next = MIB;
      try {
        for await (const chunk of response as AsyncIterable<Buffer>) {
          bytes += chunk.length;
          for (const byte of chunk) if (byte === 0x0a) lines += 1;
          if (pause > 0 && bytes >= next) {
            next += MIB;
            await sleep(pause * 20);
          }
        }
        if (response.statusCode !== 200) throw new Error(`status ${response.statusCode}`);
        resolve({ bytes, lines, seconds: (performance.now() - begin) / 1000 });
      } catch (error) {
        reject(error);
      }
    }).on('error', reject);
  });
}

function mib(bytes: number): string {
  return `${(bytes / MIB).toFixed(0)} MiB`;
}
