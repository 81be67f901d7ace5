// Defines which test files share processes. A file belongs to the first group that matches; the
// last group matches every file, so a new file needs no entry here.
import { statSync } from 'node:fs';

/**
 * The groups in start order, longest-running first.
 *
 * - `files`: pattern of the paths in the group
 * - `processes`: number of processes that share the files, or `each` for one process per file
 * - `slow`: excluded from `npm run test:quick`
 */
export const GROUPS = [
  { name: 'random-requests', files: /^test\/openapi\/fuzz/, processes: 'each', slow: true },
  { name: 'service', files: /^test\/app\/(server|faults)/, processes: 'each', slow: true },
  { name: 'command-line', files: /^test\/app\/cli/, processes: 'each', slow: true },
  { name: 'full-size', files: /^test\/src\/db\/large/, processes: 'each', slow: true },
  // Tests that measure durations need a process of their own.
  { name: 'timing', files: /-timing\.test/, processes: 'each', slow: true },
  { name: 'embedded', files: /^test\/src\/db\/embedded\//, processes: 'each', slow: true },
  { name: 'functions', files: /^test\/(src\/(\w+\/)?lib|openapi\/tools)\//, processes: 1 },
  { name: 'app', files: /./, processes: 10 },
];

/**
 * Distributes test files over processes.
 *
 * @param files paths relative to the root
 * @param size estimates how long a file runs; by default its length, which is close enough
 * @returns processes in start order, with names that sort in the same order
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

/** Assigns the largest files first, each to the process with the smallest total. */
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
