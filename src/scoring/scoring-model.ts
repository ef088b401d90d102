// A model in memory as whatever scores with it sees it, whether it came from a run or from a bundle.
import { createHash } from 'node:crypto';
import { UserError } from '../errors.js';
import type { Config } from '../runs/config.js';
import type { CheckpointName, Run } from '../runs/run-directory.js';
import { createModel } from './blueprint.js';
import type { OpenedRun } from './open-run.js';
import { ScoringFailure } from './scoring-failure.js';
import { scoringOnnx } from './scoring-graph.js';
import type { TableInMemory } from './table-in-memory.js';

export interface ScoringModel {
  readonly kind: 'run' | 'bundle';
  /** Directory of the run or the bundle. */
  readonly path: string;
  readonly checkpoint: CheckpointName;
  readonly epoch: number;
  /** Twelve digits that tell it from other models. */
  readonly version: string;
  readonly config: Config;
  /** What it has to know of its data. */
  readonly dataset: Run['dataset'];
  readonly table: TableInMemory;
  /** Of first-order weights, where the model has them. */
  readonly firstOrder: TableInMemory | null;
  /** The scoring graph (ONNX, weights inside). */
  graph(): Uint8Array;
}

/** The model of a run. */
export function modelOfRun(
  { directory, table, firstOrder, dense, metadata }: OpenedRun,
  checkpoint: CheckpointName,
): ScoringModel {
  const { config, run, path } = directory;
  // Training is deterministic: its id, and where in it, are all that a model depends on.
  const identity = createHash('sha256').update(`${run.id} ${metadata.epoch} ${metadata.trainingStep}`);
  return {
    kind: 'run',
    path,
    checkpoint,
    epoch: Number(metadata.epoch),
    version: identity.digest('hex').slice(0, 12),
    config,
    dataset: run.dataset,
    table,
    firstOrder,
    graph: () => scoringOnnx(createModel(config, run.dataset, 'scoring'), dense),
  };
}

/** What was thrown when a graph could not be run: of a bundle, whose graph came as a file, a sentence for people. */
export function unusableGraph({ kind, path }: ScoringModel, thrown: unknown): unknown {
  const reason = thrown instanceof ScoringFailure ? (thrown.cause ?? thrown) : thrown;
  if (kind === 'run' || reason instanceof UserError) return reason;
  const text = reason instanceof Error ? reason.message : String(reason);
  return new UserError(
    `The scoring graph of the bundle '${path}' cannot be run: ${text.split('\n')[0].replace(/\.$/, '')}.`,
    'export the bundle again',
  );
}
