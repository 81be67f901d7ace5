// Which test files share a process. The first group that takes a file has it, and the last takes
// all that are left, so that a new file needs no entry here.
import { statSync } from 'node:fs';

/**
 * In the order in which they start: what takes longest comes first.
 *
 * - `files`: what the group takes
 * - `processes`: how many it is shared out to; a number, or `each` for one to every file
 * - `slow`: left out of `npm run test:quick`
 */
export const GROUPS = [
  { name: 'random-requests', files: /^test\/openapi\/fuzz/, processes: 'each', slow: true },
  { name: 'service', files: /^test\/app\/(server|faults)/, processes: 'each', slow: true },
  { name: 'command-line', files: /^test\/app\/cli/, processes: 'each', slow: true },
  { name: 'full-size', files: /^test\/src\/db\/large/, processes: 'each', slow: true },
  // What takes the time of single steps has a process to itself.
  { name: 'timing', files: /-timing\.test/, processes: 'each', slow: true },
  { name: 'embedded', files: /^test\/src\/db\/embedded\//, processes: 'each', slow: true },
  { name: 'functions', files: /^test\/(src\/(\w+\/)?lib|openapi\/tools)\//, processes: 1 },
  { name: 'app', files: /./, processes: 10 },
];

/**
 * Shares test files out to processes.
 *
 * @param files paths from the root
 * @param size what a file is thought to take; its length, which is near enough
 * @returns processes in the order of their start, by names that sort in that order
 */
export function planProcesses(files, { quick = false, size = (path) => statSync(path).size } = {}) {
  const left = new Set(files);
  const planned = [];
  for (const group of GROUPS) {
    const own = [...left].filter((path) => group.files.test(path));
    for (const path of own) left.delete(path);
    if (quick && group.slow) continue;
    const parts = shareOut(own, group.processes === 'each' ? own.length : group.processes, size);
    for (const [index, part] of parts.entries()) {
      planned.push({
        name: parts.length === 1 ? group.name : `${group.name}-${index + 1}`,
        files: part,
      });
    }
  }
  if (left.size > 0) throw new Error(`No group runs ${[...left].join(', ')}`);
  return planned.map(({ name, files: own }, index) => ({
    name: `${String(index + 1).padStart(2, '0')}-${name}`,
    files: own,
  }));
}

/** The largest first, each to where there is least. */
function shareOut(files, count, size) {
  const parts = Array.from({ length: Math.min(count, files.length) }, () => ({
    sum: 0,
    files: [],
  }));
  const bySize = files.map((path) => ({ path, bytes: size(path) }));
  bySize.sort((a, b) => b.bytes - a.bytes || (a.path < b.path ? -1 : 1));
  for (const { path, bytes } of bySize) {
    const least = parts.reduce((a, b) => (b.sum < a.sum ? b : a));
    least.sum += bytes;
    least.files.push(path);
  }
  return parts.sort((a, b) => b.sum - a.sum).map((part) => part.files.sort());
}
