// What a comparison says of each variant, in numbers: means over seeds, paired differences to the first variant, epochs,
// speed and bytes. Only finished cells count. Pure; tables and figures are drawn from it.
import { type MeanDeviation, meanDeviation } from '../metrics/mean-deviation.js';
import { isDistinguishable, type PairedDifference, pairedDifference } from '../metrics/paired-difference.js';
import type { Cell, Comparison, Variant } from './comparison.js';
import { quantiles } from './quantiles.js';

export type ComparedSplit = 'validation' | 'test';

/** AUC and logloss as whatever is said of each. */
export interface ByMetric<T> {
  readonly auc: T;
  readonly logloss: T;
}

/** One variant over its seeds. Bytes and seconds are plain; null is for what nobody measured. */
export interface SummaryRow {
  readonly name: string;
  readonly cells: {
    readonly finished: number;
    readonly diverged: number;
    readonly failed: number;
    /** Seeds without a cell yet. */
    readonly missing: number;
  };
  readonly validation: ByMetric<MeanDeviation>;
  readonly test: ByMetric<MeanDeviation>;
  /** This variant − the first, seed by seed, with 90 % intervals; null for the first. */
  readonly difference: null | Readonly<Record<ComparedSplit, ByMetric<PairedDifference>>>;
  /** Whether the intervals of `reportedSplit` leave out 0; null for the first and with fewer than two pairs. */
  readonly distinguishable: ByMetric<boolean | null>;
  /** By seed, of finished cells. */
  readonly bestEpochs: readonly number[];
  /** Most epochs that a cell trained. */
  readonly trainedEpochs: number;
  /** Of training, without validation: median over all epochs. */
  readonly secondsPerEpoch: number | null;
  /** Median over cells. */
  readonly samplesPerSecond: number | null;
  /** The largest of the cells. */
  readonly peakRss: number | null;
  readonly bytes: {
    /** Codes or values, and steps. */
    readonly trainingTable: number;
    readonly trainingWithOptimizer: number;
    readonly inference: number;
  };
  readonly ratios: Variant['memory']['ratios'];
}

/** One row for each variant, in order. */
export function summarize(comparison: Comparison): SummaryRow[] {
  const [first] = comparison.variants;
  const split = reportedSplit(comparison);
  return comparison.variants.map((variant) => {
    const difference = variant === first ? null : differences(comparison.seeds, variant, first);
    const cells = finishedCells(variant);
    const epochs = cells.flatMap((cell) => cell.epochs);
    const { training, inference, ratios } = variant.memory;
    const trainingTable = training.table + training.step;
    return {
      name: variant.name,
      cells: countCells(comparison, variant),
      validation: means(cells, 'validation'),
      test: means(cells, 'test'),
      difference,
      distinguishable: {
        auc: difference && isDistinguishable(difference[split].auc),
        logloss: difference && isDistinguishable(difference[split].logloss),
      },
      bestEpochs: present(cells.map((cell) => cell.bestEpoch)),
      trainedEpochs: cells.reduce((most, cell) => Math.max(most, cell.epochs.length), 0),
      secondsPerEpoch: median(epochs.map((epoch) => epoch.trainSeconds)),
      samplesPerSecond: median(present(cells.map((cell) => cell.samplesPerSecond))),
      peakRss: present(cells.map((cell) => cell.peakRss)).reduce<number | null>(
        (most, bytes) => (most === null || bytes > most ? bytes : most),
        null,
      ),
      bytes: { trainingTable, trainingWithOptimizer: trainingTable + training.optimizer, inference },
      ratios,
    };
  });
}

/** The split that differences are told of: test where it was scored, validation otherwise. */
export function reportedSplit({ variants }: Comparison): ComparedSplit {
  return variants.some((variant) => variant.cells.some((cell) => cell.test)) ? 'test' : 'validation';
}

/** What people call it: `test` is whatever split the comparison scored beside validation. */
export function splitName({ split }: Comparison, compared: ComparedSplit): string {
  return compared === 'test' ? (split ?? 'test') : compared;
}

/** The cells that count: diverged and failed ones have no result. */
export function finishedCells(variant: Variant): Cell[] {
  return variant.cells.filter((cell) => cell.status === 'finished');
}

/** Something of each finished cell by seed, null where a seed has none: what can be paired. */
export function bySeed<T>(
  seeds: readonly number[],
  variant: Variant,
  value: (cell: Cell) => T | null | undefined,
): (T | null)[] {
  const cells = new Map(finishedCells(variant).map((cell) => [cell.seed, cell]));
  return seeds.map((seed) => {
    const cell = cells.get(seed);
    return (cell && value(cell)) ?? null;
  });
}

/** Values that are there. */
export function present<T>(values: readonly (T | null | undefined)[]): T[] {
  return values.filter((value): value is T => value !== null && value !== undefined);
}

function countCells({ seeds }: Comparison, { cells }: Variant): SummaryRow['cells'] {
  const count = (status: Cell['status']) => cells.filter((cell) => cell.status === status).length;
  const [finished, diverged, failed] = [count('finished'), count('diverged'), count('failed')];
  return { finished, diverged, failed, missing: seeds.length - finished - diverged - failed };
}

function means(cells: readonly Cell[], split: ComparedSplit): ByMetric<MeanDeviation> {
  return {
    auc: meanDeviation(present(cells.map((cell) => cell[split]?.auc))),
    logloss: meanDeviation(present(cells.map((cell) => cell[split]?.logloss))),
  };
}

function differences(seeds: readonly number[], variant: Variant, first: Variant) {
  const of = (split: ComparedSplit, metric: 'auc' | 'logloss') =>
    pairedDifference(
      bySeed(seeds, variant, (cell) => cell[split]?.[metric]),
      bySeed(seeds, first, (cell) => cell[split]?.[metric]),
    );
  const both = (split: ComparedSplit) => ({ auc: of(split, 'auc'), logloss: of(split, 'logloss') });
  return { validation: both('validation'), test: both('test') };
}

function median(values: readonly number[]): number | null {
  return values.length === 0 ? null : quantiles(values, [0.5])[0];
}
