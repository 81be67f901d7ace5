import { readdirSync, readFileSync } from 'node:fs';

/** Jiffies per second, which Linux fixes for all programs. */
const HZ = 100;

interface Process {
  parent: number;
  /** Seconds of the processor, with those of children that have ended. */
  seconds: number;
}

/** Returns the processor seconds that a process and its descendants have used. Linux only. */
export function processorSeconds(pid: number): number {
  const processes = readProcesses();
  let total = 0;
  for (const [each, { seconds }] of processes) {
    if (descends(each, pid, processes)) total += seconds;
  }
  return total;
}

/** Returns the processor seconds of the whole machine, without those that were idle. */
export function machineSeconds(): number {
  const [line = ''] = read('/proc/stat').split('\n', 1);
  // user nice system idle iowait irq softirq steal
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, steal = 0] = line
    .split(/\s+/)
    .slice(1)
    .map(Number);
  return (user + nice + system + irq + softirq + steal) / HZ;
}

/** Returns the resident memory of a process and its descendants in bytes. */
export function memoryOf(pid: number): number {
  const processes = readProcesses();
  let total = 0;
  for (const each of processes.keys()) {
    if (!descends(each, pid, processes)) continue;
    const kilobytes = /^Pss:\s+(\d+) kB/m.exec(read(`/proc/${each}/smaps_rollup`))?.[1];
    total += Number(kilobytes ?? 0) * 1024;
  }
  return total;
}

function descends(pid: number, ancestor: number, processes: Map<number, Process>): boolean {
  for (let each: number | undefined = pid; each !== undefined && each > 0; ) {
    if (each === ancestor) return true;
    each = processes.get(each)?.parent;
  }
  return false;
}

function readProcesses(): Map<number, Process> {
  const processes = new Map<number, Process>();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const stat = read(`/proc/${name}/stat`);
    // The name of the program may contain anything, even parentheses.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (fields.length < 15) continue;
    const times = fields.slice(11, 15).map(Number);
    const seconds = times.reduce((sum, time) => sum + time, 0) / HZ;
    processes.set(Number(name), { parent: Number(fields[1]), seconds });
  }
  return processes;
}

/** Returns the contents of a file; nothing if the process has ended. */
function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
