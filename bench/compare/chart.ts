import type { SavedRow } from './saved.js';

const LEFT = 270;
const WIDTH = 620;
const TOP = 70;
const LINE = 26;

/** The axis: powers of ten. */
const [LOWEST, HIGHEST] = [-2, 2];

const COLORS: Record<string, string> = {
  service: '#d1242f',
  fastify: '#8250df',
  express: '#bf8700',
  fastapi: '#0a7d6c',
  flask: '#57606a',
  pgbench: '#0969da',
};

/** Draws the ratios of all rows as dots on a logarithmic axis, L1 being the line at 1. */
export function chart(rows: readonly SavedRow[], title: string): string {
  const heading = `Requests per second, relative to L1: ${title}`;
  const bottom = TOP + rows.length * LINE;
  const names = Object.keys(COLORS).filter((name) =>
    rows.some(({ standings }) => standings[name] !== undefined),
  );
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${LEFT + WIDTH + 30} ${bottom + 40}" ` +
      'font-family="system-ui, sans-serif" font-size="13">',
    `<title>${heading}</title>`,
    '<rect width="100%" height="100%" fill="#fff"/>',
    `<text x="12" y="24" font-weight="600">${heading}</text>`,
    ...names.map((name, index) => legend(name, LEFT + index * 100)),
    ...axis(bottom),
    ...rows.flatMap((row, index) => line(row, TOP + (index + 0.5) * LINE)),
    '</svg>',
    '',
  ].join('\n');
}

function legend(name: string, x: number): string {
  const text = `<text x="${x + 10}" y="50">${name}</text>`;
  return `<circle cx="${x}" cy="46" r="5" fill="${COLORS[name]}"/>${text}`;
}

function axis(bottom: number): string[] {
  const powers = Array.from({ length: HIGHEST - LOWEST + 1 }, (_, index) => LOWEST + index);
  return powers.map((power) => {
    const x = place(10 ** power);
    const stroke = power === 0 ? '#24292f' : '#d0d7de';
    const label = power === 0 ? 'L1' : String(10 ** power);
    return (
      `<line x1="${x}" x2="${x}" y1="${TOP}" y2="${bottom}" stroke="${stroke}"/>` +
      `<text x="${x}" y="${bottom + 20}" text-anchor="middle">${label}</text>`
    );
  });
}

function line({ name, target, standings }: SavedRow, y: number): string[] {
  const dots = Object.keys(COLORS)
    .toReversed()
    .flatMap((contender) => {
      const rate = standings[contender]?.rate;
      if (rate === undefined) return [];
      const color = COLORS[contender];
      const radius = contender === 'service' ? 6 : 4;
      return [
        `<line x1="${place(rate.min)}" x2="${place(rate.max)}" y1="${y}" y2="${y}" ` +
          `stroke="${color}" stroke-opacity="0.5" stroke-width="2"/>` +
          `<circle cx="${place(rate.median)}" cy="${y}" r="${radius}" fill="${color}"/>`,
      ];
    });
  const mark =
    target === null
      ? []
      : [
          `<line x1="${place(target)}" x2="${place(target)}" y1="${y - 9}" y2="${y + 9}" ` +
            'stroke="#d1242f" stroke-width="2"><title>target</title></line>',
        ];
  return [`<text x="12" y="${y + 4}">${name}</text>`, ...mark, ...dots];
}

/** Returns the x of a ratio; those beyond the axis stand at its ends. */
function place(ratio: number): string {
  const share = (Math.log10(ratio) - LOWEST) / (HIGHEST - LOWEST);
  return (LEFT + Math.min(Math.max(share, 0), 1) * WIDTH).toFixed(1);
}
