// The words and numbers of `bitrow bench step`.
import { spread } from './benchmark.js';
import { rangeText } from './range-text.js';
import { type ShapeName, shapes, usefulFlops } from './shapes.js';
import { type Contestant, type StepVariant, stepVariants, type Threads } from './step-contestant.js';

/** @param sgemmRates GFLOP/s of all threads together, by threads */
export function reportStep(
  contestants: readonly Contestant[],
  sgemmRates: Record<Threads, number[]>,
  shape: ShapeName,
  fields: number,
) {
  const sgemm = { 1: spread(sgemmRates[1]).median, 2: spread(sgemmRates[2]).median };
  const rows = contestants.map(({ variant, threads, stepMs, shares }) => {
    const time = spread(stepMs);
    const gflops = usefulFlops(shape, fields, stepVariants[variant].products) / time.median / 1e6;
    const network = spread(shares.map(({ network }) => network)).median;
    const waiting = spread(shares.map(({ waiting }) => waiting)).median;
    return {
      variant,
      threads,
      stepMs: time,
      samplesPerSecond: (shapes[shape].batchSize / time.median) * 1000,
      usefulGflops: gflops,
      ofSgemm: gflops / sgemm[threads],
      network,
      outsideNetwork: 1 - network,
      waiting,
    };
  });
  const median = (variant: StepVariant, threads: Threads) =>
    rows.find((row) => row.variant === variant && row.threads === threads)?.stepMs.median ?? Number.NaN;
  const scaling = sgemm[2] / sgemm[1];
  const both = [1, 2] as const;
  const ratios: Record<string, number> = {
    ...Object.fromEntries(
      (['alpt', 'alpt sampled', 'alpt reuse'] as const).flatMap((variant) =>
        both.map((threads) => [
          `${variant} / full, ${threads} ${threads === 1 ? 'thread' : 'threads'}`,
          median(variant, threads) / median('full', threads),
        ]),
      ),
    ),
    'sgemm, 2 threads against 1': scaling,
    'full, 2 threads against 1': median('full', 1) / median('full', 2),
    'the same, of what sgemm gains': median('full', 1) / median('full', 2) / scaling,
    'alpt, 2 threads against 1': median('alpt', 1) / median('alpt', 2),
  };
  const text = [
    `shape ${shape}: B = ${shapes[shape].batchSize}, D = 16, MLP ${shapes[shape].hidden.join(', ')}, ${fields} fields`,
    'method        threads     step, ms (quartiles)    samples/s   useful GFLOP/s  of sgemm  network  waiting  rows, rest',
    ...rows.map(
      (row) =>
        `${row.variant.padEnd(14)}${String(row.threads).padStart(7)}   ${rangeText(row.stepMs).padStart(22)} ${Math.round(row.samplesPerSecond).toLocaleString('en-US').padStart(12)}  ${row.usefulGflops.toFixed(0).padStart(14)}  ${percent(row.ofSgemm)}  ${percent(row.network)}  ${percent(row.waiting)}    ${percent(1 - row.network - row.waiting)}`,
    ),
    '',
    `sgemm of 2048³: ${sgemm[1].toFixed(0)} GFLOP/s on one thread, ${sgemm[2].toFixed(0)} on two at the same time.`,
    'Useful: 2·products·B·Σ d_i·d_(i+1) of the MLP; products: 3, and 5, 4 (sampled) or 3 (reuse) for alpt.',
    ...Object.entries(ratios).map(([name, ratio]) => `${name.padEnd(32)} ${ratio.toFixed(2)}`),
    'One and two threads gave the same losses in every bit.',
  ].join('\n');
  return { text, json: { shape, sgemmGflops: sgemm, rows, ratios } };
}

function percent(share: number): string {
  return `${(100 * share).toFixed(0)} %`.padStart(7);
}
