// `compare`: variants × seeds on one data set. Plans the cells, has those that are missing trained, and writes the
// comparison after each.
import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { splitOf } from '../batch/split-file.js';
import { loadDataset } from '../data/encoded-dataset.js';
import type { Manifest } from '../data/manifest.js';
import { UserError } from '../errors.js';
import type { Cell, Comparison } from '../reports/comparison.js';
import { checkThreads } from '../team/team.js';
import { runCells } from './cell-pool.js';
import { CellStore, dataIdentity } from './cell-store.js';
import { type ComparisonHead, comparisonHead, withCells } from './comparison-record.js';
import { secondsOf, shareMachine } from './estimate.js';
import type { CompareEvent } from './events.js';
import {
  type PlannedCell,
  type PlannedTraining,
  planCells,
  planTrainings,
  referenceFirst,
  requireComparable,
} from './plan.js';
import type { CellTask } from './run-cell.js';
import type { VariantSpec } from './variants.js';

export interface CompareOptions {
  /** Directory of an encoded data set. */
  data: string;
  /** Directory of the comparison, made here. Cells that have finished in it are not trained again. */
  out: string;
  /** What is compared; `full`, if it is there, comes first in the comparison. */
  variants: readonly VariantSpec[];
  /** Each variant is trained with each of them. */
  seeds: readonly number[];
  /** Scored once per cell beside validation; default `test` where the data has it. Null: none. */
  split?: string | null | undefined;
  /** Of all cells together; default: all processors. No result depends on it. */
  threads?: number | undefined;
  /** Cells at a time; default 'auto': as many as memory allows with two threads each. */
  jobs?: number | 'auto' | undefined;
  /** Keep the weights of every cell; default: delete them when it is scored. */
  keepRuns?: boolean | undefined;
  /** The command that repeats it, for the report. */
  command: string;
  onProgress?: ((event: CompareEvent) => void) | undefined;
  /** Stops after a checkpoint of every cell; `compare` then rejects with the signal's reason. */
  signal?: AbortSignal | undefined;
}

/**
 * Trains every variant with every seed, scores each once, and writes `out/comparison.json` after every cell. A cell
 * that diverges is a result; one that fails is left for the next call, and the others go on.
 *
 * @throws UserError when variants, seeds or split make no comparison, or `out` holds something else
 * @example
 * const variants = ['full', 'alpt'].map((name) => ({ name, config: resolveConfig({ method: { name } }) }));
 * const { variants: [full, alpt] } = await compare({
 *   data: 'data/flights', out: 'comparisons/first', variants, seeds: [1, 2], command: 'node compare.js',
 * });
 */
export async function compare(options: CompareOptions): Promise<Comparison> {
  const { data, out, seeds, signal, onProgress: emit = () => {} } = options;
  const threads = options.threads ?? availableParallelism();
  checkThreads(threads);
  requireComparable(options.variants, seeds);
  const variants = referenceFirst(options.variants);
  const { manifest } = await loadDataset(data);
  if (rowsOf(manifest, 'train') === 0) throw new UserError(`The dataset '${data}' has no rows to train on.`);
  const split = scoredSplit(manifest, options.split);
  const cells = planCells(variants, seeds, manifest.fingerprint);
  const head = comparisonHead({ ...options, variants, manifest });
  const store = await CellStore.open(out, dataIdentity(manifest));
  try {
    const work = new Comparing(store, head, cells, emit);
    const trainings = planTrainings(cells, manifest.fingerprint, (key) => store.get(key) !== undefined);
    const configs = trainings.map(({ config }) => config);
    const available = process.availableMemory();
    const { jobs = 'auto' } = options;
    const sharing = shareMachine(configs, manifest, { threads, jobs, available });
    emit({
      kind: 'start',
      variants: variants.length,
      seeds: seeds.length,
      cells: cells.length,
      finished: cells.filter(({ key }) => store.get(key)).length,
      trainings: trainings.length,
      unasked: trainings.filter(({ key }) => cells.every((cell) => cell.key !== key)).length,
      jobs: sharing.jobs,
      threads: sharing.threads,
      memoryBytes: sharing.bytes,
      availableBytes: available,
      seconds: secondsOf(trainings, store.all(), sharing.jobs),
      epochs: Math.max(...variants.map(({ config }) => config.training.epochs)),
    });
    work.warnOfOtherSplit(split);
    await work.write();
    const task = {
      data: resolve(data),
      identity: dataIdentity(manifest),
      split,
      hasValidation: rowsOf(manifest, 'validation') > 0,
      threads: sharing.threads,
      keepRuns: options.keepRuns ?? false,
    };
    await work.run(trainings, task, sharing.jobs, signal);
    return work.comparison;
  } finally {
    await store.close();
  }
}

/** A comparison in work: what has finished, what failed, what is left. */
class Comparing {
  /** Cells that failed in this call, by their key. */
  private readonly failed = new Map<string, Cell>();

  constructor(
    private readonly store: CellStore,
    private readonly head: ComparisonHead,
    private readonly cells: readonly PlannedCell[],
    private readonly emit: (event: CompareEvent) => void,
  ) {}

  /** As it stands. */
  get comparison(): Comparison {
    return withCells(this.head, this.cells, (key) => this.store.get(key)?.cell ?? this.failed.get(key));
  }

  write(): Promise<void> {
    return this.store.writeComparison(this.comparison);
  }

  async run(
    trainings: readonly PlannedTraining[],
    common: Omit<CellTask, 'folder' | 'config' | 'derived'>,
    jobs: number,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const { store, emit } = this;
    const left = new Set(trainings);
    let begun = 0;
    const tasks = trainings.map((training) => ({
      ...common,
      training,
      folder: store.folder(training.key),
      config: training.config,
      derived: training.derived.map(({ key, config }) => ({ folder: store.folder(key), config })),
    }));
    await runCells({
      tasks,
      jobs,
      signal,
      onStart: ({ training: { label: variant, seed } }) => {
        begun++;
        emit({ kind: 'cell-start', variant, seed, training: begun, trainings: trainings.length });
      },
      onProgress: ({ training: { label: variant, seed } }, event) =>
        emit({ kind: 'train', variant, seed, event }),
      onEnd: async ({ training }, end) => {
        if (end.kind === 'stopped') return;
        left.delete(training);
        for (const { key, seed, variant } of this.cellsOf(training)) {
          const cell =
            store.reload(key)?.cell ??
            failedCell(seed, end.kind === 'failed' ? end.error : 'It left no result.');
          if (!store.get(key)) this.failed.set(key, cell);
          const secondsLeft = secondsOf([...left], store.all(), jobs);
          const done = trainings.length - left.size;
          emit({
            kind: 'cell-end',
            variant: variant.name,
            seed,
            cell,
            done,
            trainings: trainings.length,
            secondsLeft,
          });
        }
        await this.write();
      },
    });
  }

  /** Says which finished cells have no number on the split, since their weights are gone. */
  warnOfOtherSplit(split: string | null): void {
    const others = this.cells.filter(({ key }) => {
      const stored = this.store.get(key);
      return stored !== undefined && stored.cell.status === 'finished' && stored.split !== split;
    });
    if (others.length === 0) return;
    const was = [...new Set(others.map(({ key }) => this.store.get(key)?.split ?? 'no split'))].join(', ');
    this.emit({
      kind: 'warning',
      message: `${others.length} finished cells were scored on ${was} beside validation, not on ${split ?? 'no split'}, and keep those numbers.`,
    });
  }

  /** The cells that a training makes, of those asked for. */
  private cellsOf({ key, derived }: PlannedTraining): PlannedCell[] {
    return [...this.cells.filter((cell) => cell.key === key), ...derived];
  }
}

function scoredSplit(manifest: Manifest, asked: string | null | undefined): string | null {
  if (asked === undefined) return rowsOf(manifest, 'test') > 0 ? 'test' : null;
  return asked === null ? null : splitOf(manifest, asked).name;
}

function failedCell(seed: number, error: string): Cell {
  return {
    seed,
    status: 'failed',
    error,
    bestEpoch: null,
    validation: null,
    test: null,
    epochs: [],
    samplesPerSecond: null,
    seconds: null,
    peakRss: null,
    deciles: null,
  };
}

function rowsOf(manifest: Manifest, split: string): number {
  return manifest.splits.find(({ name }) => name === split)?.rows ?? 0;
}
