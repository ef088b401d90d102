// A cell as its record (reports/comparison.ts): empty, and the epochs that its run has written down.
import type { Cell, CellEpoch, CellMetrics } from '../reports/comparison.js';
import type { Config } from '../runs/config.js';
import { RunDirectory } from '../runs/run-directory.js';
import type { EpochRecord } from '../training/epochs.js';

/** Without epochs and result. */
export function emptyCell({ training: { seed } }: Config): Cell {
  return {
    seed,
    status: 'failed',
    error: null,
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

/** The epochs of a run, as its metrics.jsonl has them. */
export async function recordedEpochs(run: string): Promise<CellEpoch[]> {
  const directory = await RunDirectory.open(run);
  return ((await directory.metrics()) as RecordedEpoch[]).map(cellEpoch);
}

/** A line of metrics.jsonl; runs of earlier versions lack the loss curve, erased changes and percentiles. */
type RecordedEpoch = Omit<EpochRecord, 'table'> & {
  lossCurve?: number[];
  table:
    | null
    | (Omit<NonNullable<EpochRecord['table']>, 'steps'> & {
        erased?: number | null;
        steps: null | { percentiles?: number[] };
      });
};

function cellEpoch(record: RecordedEpoch): CellEpoch {
  const {
    epoch,
    trainLoss,
    lossCurve,
    validation,
    trainSeconds,
    validationSeconds,
    samplesPerSecond,
    table,
  } = record;
  return {
    epoch,
    trainLoss,
    lossCurve: lossCurve ?? [],
    validation: validation && metricsOf(validation),
    trainSeconds,
    validationSeconds,
    samplesPerSecond,
    table: table && {
      saturated: table.saturated,
      zero: table.zero,
      erased: table.erased ?? null,
      stepPercentiles: table.steps?.percentiles ?? null,
    },
  };
}

/** The two metrics of many. */
export function metricsOf({ auc, logloss }: CellMetrics): CellMetrics {
  return { auc, logloss };
}
