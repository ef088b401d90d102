// `bitrow train --dry-run`: what a training would need and what there is, without training or allocating anything.
import { availableParallelism } from 'node:os';
import { UserError } from '../errors.js';
import { checkThreads } from '../team/team.js';
import { openDataset } from './open-dataset.js';
import { type Room, roomFor, roomProblem } from './require-room.js';
import type { TrainOptions } from './train.js';
import { type TrainingNeeds, trainingNeeds } from './training-memory.js';

/** What a training would need, in bytes. */
export interface TrainingPlan {
  /** Rows of the table, and their width. */
  rows: number;
  dim: number;
  threads: number;
  needs: TrainingNeeds;
  /** For the process, and for the run's directory. */
  room: Room;
  /** Why it has no room here, and what fits; null where it has. */
  problem: null | { error: string; help: string | undefined };
}

/**
 * Says what `train` with these options would need, for a run that begins anew.
 *
 * @throws UserError when the data is not what it should be
 * @example
 * const { needs, problem } = await planTraining({ data: 'data/flights', out: 'runs/alpt', config });
 */
export async function planTraining(
  options: Pick<TrainOptions, 'data' | 'out' | 'config' | 'threads' | 'room'>,
): Promise<TrainingPlan> {
  const { data, out, config, threads = availableParallelism() } = options;
  if (data === undefined || config === undefined) {
    throw new UserError('Without data there is nothing to predict.', 'pass --data DIR', 2);
  }
  checkThreads(threads);
  const dataset = await openDataset(data);
  const room = roomFor(out, options.room);
  const override = 'pass --ignore-limits';
  const problem = roomProblem({ config, dataset, threads, out, room, isFree: true, override });
  return {
    rows: dataset.manifest.vocabularies.reduce((sum, { size }) => sum + size, 0),
    dim: config.model.dim,
    threads,
    needs: trainingNeeds(config, dataset.manifest, threads),
    room,
    problem: problem ? { error: problem.message, help: problem.help } : null,
  };
}
