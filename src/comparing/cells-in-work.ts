// A comparison while its cells are trained: which have finished, which failed, what is left; its record on disk after
// each of them.
import type { Cell, Comparison } from '../reports/comparison.js';
import type { Config } from '../runs/config.js';
import { type CellEnd, runCells } from './cell-pool.js';
import { emptyCell } from './cell-record.js';
import type { CellStore } from './cell-store.js';
import { type ComparisonHead, withCells } from './comparison-record.js';
import { drawReport } from './draw-report.js';
import { secondsOf } from './estimate.js';
import type { CompareEvent } from './events.js';
import type { PlannedCell, PlannedTraining } from './plan.js';
import type { CellTask } from './run-cell.js';

/** Between two drawings of the report while cells end. */
const DRAW_MS = 60_000;

/** The cells of one call of `compare`. */
export class CellsInWork {
  /** Cells that failed in this call, by their key. */
  private readonly failed = new Map<string, Cell>();
  /** Writing goes on one after the other, whichever cell ends meanwhile. */
  private written: Promise<void> = Promise.resolve();
  private lastDrawn = 0;

  constructor(
    private readonly store: CellStore,
    private readonly head: ComparisonHead,
    private readonly cells: readonly PlannedCell[],
    private readonly emit: (event: CompareEvent) => void,
  ) {}

  /** As it stands. */
  get comparison(): Comparison {
    return withCells(this.head, this.cells, (key) => this.stored(key) ?? this.failed.get(key));
  }

  /** A finished cell. Scored on another split by an earlier call, it has no number of this comparison's. */
  private stored(key: string): Cell | undefined {
    const stored = this.store.get(key);
    if (!stored) return undefined;
    return stored.split === this.head.split ? stored.cell : { ...stored.cell, test: null };
  }

  /** Puts it on the disk, and draws its report unless that was done just before. */
  write(drawing: 'always' | 'now and then'): Promise<void> {
    this.written = this.written.then(async () => {
      const { comparison, store } = this;
      await store.writeComparison(comparison);
      if (drawing === 'now and then' && performance.now() - this.lastDrawn < DRAW_MS) return;
      await drawReport(comparison, store.out);
      this.lastDrawn = performance.now();
    });
    return this.written;
  }

  async run(
    trainings: readonly PlannedTraining[],
    common: Omit<CellTask, 'folder' | 'config' | 'derived'>,
    jobs: number,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const { store, emit } = this;
    const left = new Set(trainings);
    const before = new Set(this.cells.map(({ key }) => key).filter((key) => store.get(key)));
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
      onStart: ({ training: { label, seed } }) => {
        begun++;
        emit({ kind: 'training-start', label, seed, training: begun, trainings: trainings.length });
      },
      onProgress: ({ training: { label, seed } }, event) => emit({ kind: 'training', label, seed, event }),
      onEnd: async ({ training }, end) => {
        if (end.kind === 'stopped') return;
        left.delete(training);
        emit({ kind: 'training-end', label: training.label, seed: training.seed });
        for (const { key, seed, variant, config } of this.cellsOf(training)) {
          if (before.has(key)) continue;
          const cell = store.reload(key)?.cell ?? failedCell(config, end);
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
        await this.write('now and then');
      },
    });
  }

  /** The cells that a training makes, of those asked for. */
  private cellsOf({ key, derived }: PlannedTraining): PlannedCell[] {
    return [...this.cells.filter((cell) => cell.key === key), ...derived];
  }
}

function failedCell(config: Config, end: CellEnd): Cell {
  const error = end.kind === 'failed' ? end.error : 'Its process left no result.';
  return { ...emptyCell(config), error };
}
