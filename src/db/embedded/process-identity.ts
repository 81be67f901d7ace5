import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { errorCode } from './embedded-postgres-error.js';

const run = promisify(execFile);

/** Whether a process with this id exists and is running; a zombie counts as ended. */
export async function isAlive(pid: number): Promise<boolean> {
  try {
    process.kill(pid, 0);
  } catch (error) {
    // EPERM: the process exists, but belongs to another user.
    if (errorCode(error) !== 'EPERM') return false;
  }
  if (process.platform !== 'linux') return true;
  const state = (await linuxStat(pid))?.[0];
  return state !== 'Z' && state !== 'X';
}

/**
 * Returns when the process started, as a word that is unique among all processes with this id: boot
 * id and clock tick on Linux, seconds elsewhere. Null if there is no such process; `unknown` if it
 * exists but the system does not reveal the time.
 */
export async function processStart(pid: number): Promise<string | null> {
  if (!(await isAlive(pid))) return null;
  try {
    if (process.platform === 'linux') {
      const boot = await readFile('/proc/sys/kernel/random/boot_id', 'utf8');
      const ticks = (await linuxStat(pid))?.[19];
      if (ticks !== undefined) return `${boot.replaceAll('-', '').slice(0, 12)}.${ticks}`;
    } else if (process.platform === 'win32') {
      const command = `(Get-Process -Id ${pid}).StartTime.ToFileTimeUtc()`;
      const { stdout } = await run('powershell', ['-NoProfile', '-Command', command]);
      if (/^\d+\s*$/.test(stdout)) return stdout.trim();
    } else {
      const { stdout } = await run('ps', ['-o', 'lstart=', '-p', String(pid)], {
        env: { ...process.env, LC_ALL: 'C', TZ: 'UTC' },
      });
      const seconds = Date.parse(`${stdout.trim()} UTC`) / 1000;
      if (Number.isFinite(seconds)) return String(seconds);
    }
  } catch {
    // The process may have ended in between, or /proc is hidden.
  }
  return (await isAlive(pid)) ? 'unknown' : null;
}

/**
 * Returns the fields of /proc/<pid>/stat from the state on; the process name before it may contain
 * any character.
 */
async function linuxStat(pid: number): Promise<string[] | null> {
  try {
    const text = await readFile(`/proc/${pid}/stat`, 'utf8');
    return text.slice(text.lastIndexOf(')') + 2).split(' ');
  } catch {
    return null;
  }
}

/** Returns the command line of a process, or an empty string if unavailable. */
export async function processCommand(pid: number): Promise<string> {
  try {
    if (process.platform === 'win32') {
      const filter = ['/FI', `PID eq ${pid}`, '/FO', 'CSV', '/NH'];
      return (await run('tasklist', filter)).stdout.trim();
    }
    if (process.platform === 'linux') {
      return (await readFile(`/proc/${pid}/cmdline`, 'utf8')).replaceAll('\0', ' ');
    }
    return (await run('ps', ['-o', 'command=', '-p', String(pid)])).stdout.trim();
  } catch {
    return '';
  }
}
