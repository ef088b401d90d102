// How long a step takes by the rows of the table: 10^5 to 10^8, by turns, with the same number of unique rows in a batch,
// after every row was written. ALPT at 8 bits with one number of optimizer state a row, and for its step: 28 bytes at D = 16.
import type { Batch } from '../batch/reader.js';
import type { EncodedDataset } from '../data/encoded-dataset.js';
import { manifestSchema } from '../data/manifest.js';
import { CHUNK_ROWS } from '../embedding/shard.js';
import { Table } from '../embedding/table.js';
import { freeMemory } from '../machine/free-memory.js';
import { Trainer } from '../training/trainer.js';
import { type Benchmark, type Spread, spread } from './benchmark.js';
import { rangeText } from './range-text.js';
import { shapeConfig } from './shapes.js';

const FIELDS = 24;
/** Values of each field in a batch: 45,000 unique rows, as many as flights has. */
const VALUES = 1875;
const ROUNDS = 6;
const STEPS = 8;
const THREADS = 2;
const sizes = [1e5, 1e6, 1e7, 1e8];

interface Contestant {
  rows: number;
  trainer: Trainer;
  losses: number[];
  stepMs: number[];
}

export const tables: Benchmark = {
  summary:
    'step time by the rows of the table, 10^5 to 10^8, at the same number of unique rows (needs about 4 GB)',
  async run({ onProgress, signal }) {
    const contestants: Contestant[] = [];
    const leftOut: number[] = [];
    try {
      for (const rows of sizes) {
        signal.throwIfAborted();
        const config = configOf();
        // Records, bitmap and as much again as the rest of a training takes here.
        if (32 * rows + 1e9 > freeMemory()) {
          leftOut.push(rows);
          continue;
        }
        const trainer = new Trainer({ dataset: datasetOf(rows), config, threads: THREADS });
        contestants.push({ rows, trainer, losses: [], stepMs: [] });
        writeAll(
          trainer,
          (done) => onProgress({ stage: `writing ${count(rows)} rows`, done, total: rows }),
          signal,
        );
      }
      for (let round = 0; round <= ROUNDS; round++) {
        for (const contestant of contestants) {
          const before = contestant.stepMs.length;
          await train(contestant, round * STEPS, signal);
          // The first round warms up.
          if (round === 0) contestant.stepMs.length = before;
        }
        onProgress({ stage: 'tables', done: round, total: ROUNDS });
      }
      verify(contestants);
      return report(contestants, leftOut);
    } finally {
      await Promise.all(contestants.map(({ trainer }) => trainer.close()));
    }
  },
};

function configOf() {
  return shapeConfig('B', {
    method: { name: 'alpt', bits: 8 },
    alpt: { stepOptimizer: 'rms' },
    optimizer: { name: 'rowwise-adagrad' },
  });
}

/** As much of a data set as a trainer has to know. */
function datasetOf(rows: number): EncodedDataset {
  const names = Array.from({ length: FIELDS }, (_, f) => `field${f}`);
  const none = { file: '', sha256: '' };
  const manifest = manifestSchema.parse({
    format: 'bitrow-dataset',
    version: 1,
    bitrow: '',
    dataset: 'invented',
    seed: 1,
    options: {},
    schema: null,
    fingerprint: '',
    fields: names.map((name) => ({ name, vocabulary: name })),
    vocabularies: names.map((name) => ({ name, size: Math.floor(rows / FIELDS), ...none, index: none })),
    splits: [{ name: 'train', rows: 1e6, positives: 0, rowGroupRows: 1e6, ...none }],
    input: [],
  });
  return { dir: '', manifest };
}

function writeAll({ table: memory }: Trainer, onDone: (rows: number) => void, signal: AbortSignal): void {
  const table = new Table(memory, 0);
  const list = new Uint32Array(CHUNK_ROWS);
  for (let first = 0; first < table.rows; first += CHUNK_ROWS) {
    const some = list.subarray(0, Math.min(CHUNK_ROWS, table.rows - first));
    for (let i = 0; i < some.length; i++) some[i] = first + i;
    table.touch(some);
    if (first % 2 ** 22 === 0) {
      onDone(first);
      signal.throwIfAborted();
    }
  }
}

/** Batches whose values lie all over the vocabularies: one somewhere in each of VALUES equal parts. */
function* batchesOf(rows: number, from: number, batchRows: number): Generator<Batch> {
  const size = Math.floor(rows / FIELDS);
  let random = 1 + from;
  const draw = () => {
    random = (Math.imul(random, 1664525) + 1013904223) | 0;
    return (random >>> 0) / 2 ** 32;
  };
  for (let index = from; index < from + STEPS; index++) {
    const ids = new Uint32Array(batchRows * FIELDS);
    const labels = Float32Array.from({ length: batchRows }, () => (draw() < 0.2 ? 1 : 0));
    for (let f = 0; f < FIELDS; f++) {
      const values = Uint32Array.from({ length: VALUES }, (_, part) =>
        Math.floor(((part + draw()) * size) / VALUES),
      );
      for (let b = 0; b < batchRows; b++) ids[b * FIELDS + f] = values[(b * (2 * f + 1)) % VALUES];
    }
    yield { epoch: 1, index, rows: batchRows, ids, labels };
  }
}

async function train(
  { rows, trainer, losses, stepMs }: Contestant,
  from: number,
  signal: AbortSignal,
): Promise<void> {
  const batches = [...batchesOf(rows, from, configOf().training.batchSize)];
  let last = 0;
  const onBatch = (_: Batch, { loss }: { loss: number }) => {
    const now = performance.now();
    if (last > 0) stepMs.push(now - last);
    last = now;
    losses.push(loss);
  };
  await trainer.trainOn(batches, 1, onBatch, signal);
}

/** @throws Error where a loss is not one, or a row was not written */
function verify(contestants: readonly Contestant[]): void {
  for (const { rows, losses } of contestants) {
    const at = losses.findIndex((loss) => !(loss > 0 && loss < 1));
    if (at >= 0) throw new Error(`The loss of step ${at + 1} is ${losses[at]} with ${count(rows)} rows.`);
  }
}

const count = (rows: number) => rows.toLocaleString('en-US');

function report(contestants: readonly Contestant[], leftOut: readonly number[]) {
  const rows = contestants.map(({ rows: number, trainer, stepMs }) => {
    const { table, step, optimizer } = trainer.predicted;
    const time: Spread = spread(stepMs);
    return {
      rows: number,
      tableBytes: table + step + optimizer,
      shards: trainer.table.memories.length,
      stepMs: time,
    };
  });
  const first = rows[0]?.stepMs.median ?? Number.NaN;
  const text = [
    `alpt, 8 bits, D = 16, row-wise state, shape B on ${THREADS} threads; ${count(FIELDS * VALUES)} unique rows in a batch`,
    '       rows     table, GB  shards   step, ms (quartiles)    times the first',
    ...rows.map(
      ({ rows: number, tableBytes, shards, stepMs }) =>
        `${count(number).padStart(11)}  ${(tableBytes / 1e9).toFixed(3).padStart(12)}  ${String(shards).padStart(6)}   ${rangeText(stepMs).padStart(20)}    ${(stepMs.median / first).toFixed(2).padStart(15)}`,
    ),
    ...leftOut.map(
      (number) => `${count(number).padStart(11)}  left out: it has no room in the memory that is free.`,
    ),
  ].join('\n');
  return { text, json: { uniqueRows: FIELDS * VALUES, rows, leftOut } };
}
