// One training step as a picture, from a trace: what each thread did when, and the sums behind it.
//
//   bitrow train --data data/flights --out runs/traced --config experiments/flights-reference.yaml --trace trace.json
//   node dist/experiments/step-picture.js trace.json docs/figures/training-step.svg [STEP]
//
// Without STEP the one of median length is drawn. A table of all steps' means is printed.
import { readFileSync, writeFileSync } from 'node:fs';
import { loadPlot, svgOf } from '../src/reports/figure.js';
import { palette } from '../src/reports/figures/palette.js';
import type { SpanName } from '../src/team/trace.js';

/** A span, in milliseconds. */
interface Span {
  tid: number;
  name: SpanName;
  step: number;
  began: number;
  ended: number;
}

/** What is drawn alike: waiting is light, the network is what all else is there for. */
const groups: readonly { label: string; color: string; opacity: number; names: readonly SpanName[] }[] = [
  { label: 'network', color: palette[0].light, opacity: 1, names: ['network'] },
  {
    label: 'rows',
    color: palette[1].light,
    opacity: 1,
    names: ['gather', 'expand', 'segment sum', 'update', 'pairs', 'alone', 'together'],
  },
  { label: 'dense parameters', color: palette[2].light, opacity: 1, names: ['parameters', 'dense update'] },
  {
    label: 'reading and planning',
    color: palette[3].light,
    opacity: 1,
    names: ['read', 'plan', 'decode', 'shuffle'],
  },
  {
    label: 'waiting',
    color: palette[6].light,
    opacity: 0.25,
    names: ['barrier', 'await a batch', 'await the team'],
  },
];
const groupOf = (name: SpanName) => groups.find(({ names }) => names.includes(name));

const [file, out, stepGiven] = process.argv.slice(2);
if (file === undefined || out === undefined) throw new Error('usage: step-picture.js TRACE OUT.svg [STEP]');
const { traceEvents } = JSON.parse(readFileSync(file, 'utf8')) as {
  traceEvents: {
    ph: string;
    tid: number;
    name: SpanName;
    ts: number;
    dur: number;
    args: { step: number };
  }[];
};
const spans = traceEvents
  .filter(({ ph }) => ph === 'X')
  .map(
    ({ tid, name, ts, dur, args: { step } }): Span => ({
      tid,
      name,
      step,
      began: ts / 1000,
      ended: (ts + dur) / 1000,
    }),
  );
const inTeam = spans.filter(({ tid, name }) => tid > 0 && name !== 'await a batch' && name !== 'score');
const lengths = new Map<number, { began: number; ended: number }>();
for (const { step, began, ended } of inTeam) {
  const known = lengths.get(step) ?? { began, ended };
  lengths.set(step, { began: Math.min(known.began, began), ended: Math.max(known.ended, ended) });
}
// The first and the last may be cut off by the ring.
const whole = [...lengths]
  .map(([step, { began, ended }]) => ({ step, began, ended, ms: ended - began }))
  .slice(1, -1)
  .sort((a, b) => a.ms - b.ms);
const chosen =
  stepGiven === undefined
    ? whole[Math.floor(whole.length / 2)]
    : whole.find(({ step }) => step === Number(stepGiven));
if (!chosen) throw new Error(`Step ${stepGiven} is not in the trace.`);

const threads = [...new Set(spans.map(({ tid }) => tid))].sort((a, b) => a - b);
const track = (tid: number) => (tid === 0 ? 'main' : `thread ${tid - 1}`);
const shown = spans.flatMap((span) => {
  const group = groupOf(span.name);
  const began = Math.max(span.began, chosen.began) - chosen.began;
  const ended = Math.min(span.ended, chosen.ended) - chosen.began;
  return group && ended > began ? [{ ...span, began, ended, group }] : [];
});
const shares = groups.map(({ label, names }) => {
  const ms = shown
    .filter(({ tid, name }) => tid > 0 && names.includes(name))
    .reduce((sum, { began, ended }) => sum + ended - began, 0);
  return { label, share: ms / chosen.ms / (threads.length - 1) };
});
const percent = (share: number) => `${(100 * share).toFixed(0)} %`;

const plot = await loadPlot();
const width = 820;
const keys = groups.map((group, i) => ({ ...group, at: (i * chosen.ms) / groups.length }));
const svg = await svgOf(
  {
    width,
    height: 60 + 44 * threads.length,
    marginLeft: 62,
    marginTop: 34,
    x: { label: 'ms', domain: [0, chosen.ms], labelArrow: 'none' },
    y: { label: null, domain: threads.map(track), type: 'band', padding: 0.25, tickSize: 0 },
    marks: [
      ...groups.map(({ color, opacity, names }) =>
        plot.barX(
          // Waits first: what is done within one is drawn over it.
          shown.filter(({ name }) => names.includes(name)),
          {
            x1: 'began',
            x2: 'ended',
            y: ({ tid }: Span) => track(tid),
            fill: color,
            fillOpacity: opacity,
            stroke: color,
            strokeWidth: 0.5,
          },
        ),
      ),
      plot.dot(keys, {
        x: 'at',
        frameAnchor: 'top',
        dx: 5,
        dy: -22,
        r: 5,
        symbol: 'square',
        fill: 'color',
        fillOpacity: 'opacity',
      }),
      plot.text(keys, {
        x: 'at',
        frameAnchor: 'top',
        dx: 14,
        dy: -22,
        textAnchor: 'start',
        text: 'label',
        fill: 'currentColor',
      }),
    ],
  },
  {
    title: 'A training step',
    description: `What each thread did in step ${chosen.step}, ${chosen.ms.toFixed(1)} ms. Of the team's time: ${shares.map(({ label, share }) => `${label} ${percent(share)}`).join(', ')}.`,
  },
);
writeFileSync(out, svg);

console.log(
  `step ${chosen.step}, ${chosen.ms.toFixed(1)} ms, of ${whole.length} whole ones; drawn to ${out}`,
);
console.log('\nmean of these steps, ms a step and thread');
const known = new Set(whole.map(({ step }) => step));
for (const [who, isTheirs] of [
  ['main', (tid: number) => tid === 0],
  ['team', (tid: number) => tid > 0],
] as const) {
  const some = spans.filter(({ tid, step }) => isTheirs(tid) && known.has(step));
  const number = who === 'main' ? 1 : threads.length - 1;
  const names = [...new Set(some.map(({ name }) => name))];
  const rows = names.map((name) => {
    const own = some.filter((span) => span.name === name);
    const ms = own.reduce((sum, { began, ended }) => sum + ended - began, 0) / known.size / number;
    return { name, ms, spans: own.length / known.size / number };
  });
  for (const { name, ms, spans: each } of rows.sort((a, b) => b.ms - a.ms))
    console.log(
      `${who}  ${name.padEnd(16)} ${ms.toFixed(2).padStart(9)}  in ${each.toFixed(1)} ${each === 1 ? 'span' : 'spans'}`,
    );
}
