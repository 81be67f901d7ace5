import type { CpuProfile, ProfileNode } from './inspector.js';

/** Sampled time by name, largest first, as a share of the time that was not idle. */
export type Shares = [name: string, share: number][];

const IDLE = '(idle)';

/** Returns the shares of packages, of Node itself, and of the project's own folders. */
export function sharesByPackage(profile: CpuProfile): Shares {
  return shares(profile, ({ owner }) => packageOf(owner));
}

/** Returns the shares of single functions, without what they call. */
export function sharesByFunction(profile: CpuProfile): Shares {
  return shares(profile, ({ node, owner }) => {
    const { functionName, lineNumber } = node.callFrame;
    const place = owner.callFrame.url.replace(/^.*\/(?:node_modules|dist)\//, '');
    const name = functionName === '' ? '(anonymous)' : functionName;
    if (owner !== node) return `${name}, native, called in ${place || '(root)'}`;
    return place === '' ? name : `${name} ${place}:${lineNumber + 1}`;
  });
}

interface Sampled {
  node: ProfileNode;
  /** The node itself or, for a function of V8, its nearest caller that has a file. */
  owner: ProfileNode;
}

function shares(
  { nodes, samples, timeDeltas }: CpuProfile,
  nameOf: (at: Sampled) => string,
): Shares {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const parents = new Map(nodes.flatMap((node) => (node.children ?? []).map((id) => [id, node])));
  const totals = new Map<string, number>();
  let busy = 0;
  for (const [index, id] of samples.entries()) {
    const node = byId.get(id);
    const time = timeDeltas[index] ?? 0;
    if (node === undefined || node.callFrame.functionName === IDLE) continue;
    busy += time;
    const name = nameOf({ node, owner: ownerOf(node, parents) });
    totals.set(name, (totals.get(name) ?? 0) + time);
  }
  return [...totals]
    .map(([name, time]): [string, number] => [name, time / busy])
    .sort(([, one], [, other]) => other - one);
}

function ownerOf(node: ProfileNode, parents: Map<number, ProfileNode>): ProfileNode {
  if (isSpecial(node)) return node;
  for (let each: ProfileNode | undefined = node; each; each = parents.get(each.id)) {
    if (each.callFrame.url !== '') return each;
  }
  return node;
}

/** `(program)`, `(garbage collector)` and the like. */
function isSpecial({ callFrame: { functionName } }: ProfileNode): boolean {
  return /^\(.+\)$/.test(functionName) && functionName !== '(anonymous)';
}

function packageOf({ callFrame: { url, functionName } }: ProfileNode): string {
  if (url === '') return functionName.startsWith('(') ? functionName : '(native)';
  if (url.startsWith('node:')) return 'node core';
  const inPackage = /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(url)?.[1];
  if (inPackage !== undefined) return inPackage;
  const room = /\/dist\/([^/]+)\//.exec(url)?.[1];
  return room === undefined ? 'generated code' : `own ${room}/`;
}
