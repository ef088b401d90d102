// Comparisons that look like real ones, invented from a seed: what the report is drawn from in tests, and looked at.
// Numbers are plausible, not measured.
import type { Cell, CellEpoch, CellMetrics, Comparison, Variant } from '../src/reports/comparison.js';

interface Invented {
  name: string;
  method: string;
  bits: number | null;
  rounding: string | null;
  /** AUC lost against full. */
  loss: number;
  /** Bytes of a row of 16, of its step, of its optimizer state, and as served. */
  bytes: readonly [table: number, step: number, optimizer: number, inference: number];
  /** Samples per second against full. */
  speed: number;
}

const kinds: readonly (readonly [
  string,
  number | null,
  string | null,
  number,
  readonly [number, number, number, number],
  number,
])[] = [
  ['full', null, null, 0, [64, 0, 128, 64], 1],
  ['lsq', 8, null, 0.0001, [64, 0, 128, 16], 0.93],
  ['lpt', 8, 'deterministic', 0.0281, [16, 0, 128, 16], 0.98],
  ['lpt', 8, 'stochastic', 0.0021, [16, 0, 128, 16], 0.97],
  ['alpt', 8, 'deterministic', 0.0023, [16, 4, 136, 20], 0.62],
  ['alpt', 8, 'stochastic', -0.0002, [16, 4, 136, 20], 0.61],
  ['alpt', 4, 'stochastic', 0.003, [8, 4, 136, 12], 0.62],
  ['alpt', 2, 'stochastic', 0.0098, [4, 4, 136, 8], 0.63],
  ['hashing', null, null, 0.0022, [32, 0, 64, 32], 1.02],
  ['pruning', null, null, 0.0024, [64, 0, 128, 34], 0.9],
];

const invented = kinds.map(
  ([method, bits, rounding, loss, bytes, speed]): Invented => ({
    name: [method, bits, rounding === 'deterministic' ? rounding : null]
      .filter((part) => part !== null)
      .join(':'),
    method,
    bits,
    rounding,
    loss,
    bytes,
    speed,
  }),
);

export interface SyntheticOptions {
  epochs?: number;
  seeds?: number;
  /** The first so many of ten. */
  variants?: number;
  /** `alpt:2` loses its last seed, `pruning` fails twice. */
  hasFailures?: boolean;
  random?: number;
}

/** @example syntheticComparison({ epochs: 8, seeds: 5 }) */
export function syntheticComparison(options: SyntheticOptions = {}): Comparison {
  const { epochs = 1, seeds = 5, variants = 10, hasFailures = false, random = 1 } = options;
  const seedList = Array.from({ length: seeds }, (_, i) => i + 1);
  const rows = 1_086_810;
  const noise = normals(random);
  // A seed does something to all variants alike; that is why differences are paired.
  const bySeed = seedList.map(() => 0.0006 * noise());
  const made = invented.slice(0, variants).map((kind): Variant => {
    const [table, step, optimizer, inference] = kind.bytes.map((bytes) => bytes * rows);
    const variant: Variant = {
      name: kind.name,
      method: kind.method,
      bits: kind.bits,
      rounding: kind.rounding,
      config: {
        model: { name: 'dcn', dim: 16, crossLayers: 3, hidden: [400, 400, 400], dropout: 0 },
        method: { name: kind.method, bits: kind.bits, rounding: kind.rounding },
        optimizer: { name: 'adam', learningRate: 0.001, weightDecay: 0 },
        alpt: { stepLearningRate: 0.00002, gradientScale: 'rows' },
        training: { epochs, batchSize: 10_000, patience: 2 },
      },
      command: `bitrow train --data data/flights --out runs/${kind.name} --method ${kind.method}`,
      derivedFrom: null,
      memory: {
        training: { table, step, optimizer },
        inference,
        full: { table: 64 * rows, optimizer: 128 * rows },
        ratios: {
          trainingTable: (64 * rows) / (table + step),
          trainingWithOptimizer: (192 * rows) / (table + step + optimizer),
          inference: (64 * rows) / inference,
        },
      },
      cells: seedList.map((seed, i) => inventCell(kind, seed, bySeed[i], epochs, noise)),
    };
    if (hasFailures && kind.name === 'alpt:2') fail(variant, [seeds], 'diverged');
    if (hasFailures && kind.name === 'pruning') fail(variant, [1, 2], 'failed');
    return variant;
  });
  return {
    format: 'bitrow-comparison-1',
    bitrow: '0.1.0',
    made: '2026-03-04T05:06:07.000Z',
    command: `bitrow compare --data data/flights --out compared --methods ${made.map(({ name }) => name).join(',')} --seeds ${seeds}`,
    machine: { cpu: 'Invented CPU @ 2.60GHz', cores: 8, node: '20.19.0', onnxruntime: '1.30.0' },
    data: {
      dataset: 'flights',
      path: 'data/flights',
      fingerprint: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
      fields: 11,
      features: rows,
      rows: { train: 2_400_000, validation: 300_000, test: 300_000 },
      positiveRate: 0.2107,
    },
    split: 'test',
    seeds: seedList,
    variants: made,
  };
}

function inventCell(kind: Invented, seed: number, shift: number, epochs: number, noise: () => number): Cell {
  const own = 0.00025 * noise();
  const at = (epoch: number): CellMetrics => {
    // Rises, and falls after the fifth epoch.
    const late = 0.012 * Math.exp(-epoch / 1.6) + 0.0009 * Math.max(0, epoch - 5);
    const auc = 0.7431 + shift + own - kind.loss - (epochs === 1 ? 0 : late);
    return { auc, logloss: 0.4312 + (0.7431 - auc) * 0.8 + 0.0001 * noise() };
  };
  const list = Array.from({ length: epochs }, (_, i) => inventEpoch(kind, i + 1, at(i + 1), noise));
  const best = list.reduce((a, b) => ((b.validation?.auc ?? 0) > (a.validation?.auc ?? 0) ? b : a));
  const { auc, logloss } = best.validation ?? { auc: null, logloss: null };
  const seconds = list.reduce((sum, epoch) => sum + epoch.trainSeconds + epoch.validationSeconds, 0);
  return {
    seed,
    status: 'finished',
    error: null,
    bestEpoch: best.epoch,
    validation: { auc, logloss },
    test: {
      auc: (auc ?? 0) - 0.0011 + 0.0002 * noise(),
      logloss: (logloss ?? 0) + 0.0009 + 0.0001 * noise(),
    },
    epochs: list,
    samplesPerSecond: 41_000 * kind.speed * (1 + 0.02 * noise()),
    seconds,
    peakRss: 1.1e9 + 1_086_810 * (kind.bytes[0] + kind.bytes[1] + kind.bytes[2]),
    deciles: Array.from({ length: 10 }, (_, i) => ({
      auc: 0.66 + 0.01 * i - kind.loss * (1.8 - 0.16 * i) + shift + 0.0004 * noise(),
      logloss: 0.49 - 0.012 * i + kind.loss * 0.8 * (1.9 - 0.18 * i) - shift + 0.0003 * noise(),
      rows: 30_000,
    })),
  };
}

function inventEpoch(kind: Invented, epoch: number, validation: CellMetrics, noise: () => number): CellEpoch {
  const base = 0.4335 + kind.loss * 0.7 - 0.006 * (1 - Math.exp(-(epoch - 1) / 2)) - 0.0015 * (epoch - 1);
  const lossCurve = Array.from(
    { length: 20 },
    (_, i) => base + (epoch === 1 ? 0.09 * Math.exp(-i / 2.2) : -0.0008 + 0.00006 * i) + 0.0011 * noise(),
  );
  const width = kind.bits ?? 8;
  const center = Math.log(0.012 / 2 ** (width - 4)) + 0.12 * Math.log(epoch);
  const trainSeconds = (2_400_000 / 41_000 / kind.speed) * (1 + 0.02 * noise());
  return {
    epoch,
    trainLoss: lossCurve.reduce((sum, loss) => sum + loss, 0) / lossCurve.length,
    lossCurve,
    validation,
    trainSeconds,
    validationSeconds: 3,
    samplesPerSecond: 2_400_000 / trainSeconds,
    table:
      kind.bits === null || kind.method === 'lsq'
        ? null
        : {
            saturated: Math.min(0.6, (0.2 / width ** 2) * (1 + 0.05 * epoch) * Math.exp(0.05 * noise())),
            zero: Math.min(0.9, (1.6 / width ** 1.5) * (1 - 0.03 * epoch) * Math.exp(0.05 * noise())),
            erased: 1 - Math.exp(-0.5 - 0.35 * epoch + 0.04 * noise() - 0.1 * (8 - width)),
            stepPercentiles:
              kind.method === 'lpt'
                ? null
                : Array.from({ length: 101 }, (_, i) =>
                    Math.exp(center + 0.3 * normalLike(i) + 0.01 * noise()),
                  ).sort((a, b) => a - b),
          },
  };
}

function fail(variant: Variant, seeds: readonly number[], status: 'diverged' | 'failed'): void {
  const error =
    status === 'diverged'
      ? "The gradient of table 'features', row 80211, is NaN in step 1840."
      : 'The disk is full: 12 of 204 MB of a checkpoint were written.';
  variant.cells = variant.cells.map((cell) =>
    seeds.includes(cell.seed)
      ? {
          ...cell,
          status,
          error,
          bestEpoch: null,
          validation: null,
          test: null,
          deciles: null,
          samplesPerSecond: null,
          epochs: cell.epochs.slice(0, 2),
        }
      : cell,
  );
}

/** The i-th percentile of a bell, roughly. */
function normalLike(i: number): number {
  const p = Math.min(0.995, Math.max(0.005, i / 100));
  return Math.log(p / (1 - p)) / 1.7;
}

/** Normal numbers of a seed: the sum of twelve uniform ones, less 6 (mulberry32). */
function normals(seed: number): () => number {
  let state = seed;
  const uniform = () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  return () => Array.from({ length: 12 }, uniform).reduce((sum, value) => sum + value, -6);
}
