// The kernels of a training step, one by one, on batches of real data and a table of the data's size: rows that have to come
// from memory, as in training, not from a cache. Every result must be the reference's in every bit before anything is timed.
// One thread. B = 4,096, D = 16, Adam.
import { loadDataset } from '../data/encoded-dataset.js';
import { wasmKernels } from '../kernels/load.js';
import { referenceKernels } from '../kernels/reference.js';
import { createRowOptimizer } from '../scoring/blueprint.js';
import { type Benchmark, type Spread, spread } from './benchmark.js';
import { KernelStep, type KernelWork } from './kernel-step.js';
import { memoryCopyRate } from './memory-copy.js';
import { rangeText } from './range-text.js';
import { readBatchesOnce } from './read-batches.js';
import { shapeConfig } from './shapes.js';

const BATCHES = 8;
const ROUNDS = 6;
const methods = ['full', 'alpt'] as const;

type Timed = Omit<KernelWork, 'rows' | 'ms'> & { method: string; nsPerRow: Spread };

export const kernels: Benchmark = {
  summary: 'the kernels of a training step on a real table: ns and GB/s a row, beside a copy of memory',
  async run({ data, onProgress, signal }) {
    const dataset = await loadDataset(data);
    const timed: Timed[] = [];
    const copyRates: number[] = [];
    let tableRows = 0;
    for (const method of methods) {
      const config = shapeConfig('B', { method: { name: method, bits: 8 } });
      const optimizer = createRowOptimizer(config);
      const batches = await readBatchesOnce(dataset, config.training.batchSize, BATCHES);
      const step = KernelStep.create(config, dataset.manifest, wasmKernels);
      const reference = KernelStep.create(config, dataset.manifest, referenceKernels);
      const checked = batches.slice(0, 2).map((batch, i) => {
        reference.run(batch, optimizer, i + 1);
        return step.run(batch, optimizer, i + 1).rows;
      });
      verify(step, reference, checked);
      step.touchAll();
      const times = new Map<string, { work: KernelWork; ns: number[] }>();
      for (let round = 0; round <= ROUNDS; round++) {
        for (const [i, batch] of batches.entries()) {
          signal.throwIfAborted();
          for (const work of step.run(batch, optimizer, 3 + round * BATCHES + i).works) {
            const known = times.get(work.kernel) ?? { work, ns: [] };
            times.set(work.kernel, known);
            // The first round warms up.
            if (round > 0) known.ns.push((work.ms * 1e6) / work.rows);
          }
        }
        copyRates.push(memoryCopyRate());
        onProgress({ stage: `kernels, ${method}`, done: round, total: ROUNDS });
      }
      for (const {
        work: { rows: _rows, ms: _ms, ...work },
        ns,
      } of times.values()) {
        timed.push({ ...work, method, nsPerRow: spread(ns) });
      }
      tableRows = dataset.manifest.vocabularies.reduce((sum, { size }) => sum + size, 0);
    }
    return report(timed, spread(copyRates).median, tableRows);
  },
};

/** @throws Error unless both left the same bits everywhere */
function verify(step: KernelStep, reference: KernelStep, rows: readonly Uint32Array[]): void {
  for (const list of rows) {
    const theirs = [...reference.results(list)];
    for (const [i, [name, ours]] of [...step.results(list)].entries()) {
      const at = ours.findIndex((byte, place) => byte !== theirs[i][1][place]);
      if (at >= 0)
        throw new Error(`${name}: byte ${at} is ${ours[at]}, the reference's ${theirs[i][1][at]}.`);
    }
  }
}

function report(timed: readonly Timed[], copyRate: number, tableRows: number) {
  const rows = timed.map((work) => {
    const rate = work.bytes / work.nsPerRow.median;
    return { ...work, gigabytesPerSecond: rate, ofCopy: rate / copyRate };
  });
  const text = [
    `D = 16, ${tableRows.toLocaleString('en-US')} rows, all written; batches of 4,096 rows; one thread`,
    'method  kernel          ns (quartiles)        per          bytes                            GB/s   of a copy',
    ...rows.map(
      ({ method, kernel, nsPerRow, per, formula, bytes, gigabytesPerSecond, ofCopy }) =>
        `${method.padEnd(8)}${kernel.padEnd(14)}${rangeText(nsPerRow).padStart(20)}  ${per.padEnd(11)}${`${formula} = ${bytes.toFixed(0)}`.padEnd(36)}${gigabytesPerSecond.toFixed(2).padStart(6)}  ${`${(100 * ofCopy).toFixed(0)} %`.padStart(6)}`,
    ),
    `A copy of 256 MB: ${copyRate.toFixed(1)} GB/s, read and written. All results are the reference's in every bit.`,
  ].join('\n');
  return { text, json: { tableRows, copyGigabytesPerSecond: copyRate, rows } };
}
