// Refuses a comparison whose cells have no room here: those that run at a time in memory, and what they write on the
// disk. Every cell looks again when it begins.
import type { Manifest } from '../data/manifest.js';
import { UserError } from '../errors.js';
import { sizeText } from '../machine/size-text.js';
import type { Config } from '../runs/config.js';
import type { Room } from '../training/require-room.js';
import { smallerSettings } from '../training/smaller-settings.js';
import { memoryNeeded, type TrainingNeeds, trainingNeeds } from '../training/training-memory.js';
import { type Sharing, shareMachine } from './estimate.js';
import type { PlannedTraining } from './plan.js';

const override = 'to go on all the same, pass --ignore-limits';

/** @throws UserError with what is needed, what is free, and what would fit */
export function requireRoomForCells(
  trainings: readonly PlannedTraining[],
  manifest: Manifest,
  { jobs, threads, bytes }: Sharing,
  room: Room,
  keepsRuns: boolean,
): void {
  const configs = trainings.map(({ config }) => config);
  if (configs.length === 0) return;
  const all = trainings.map(({ label, config }) => ({
    label,
    config,
    needs: trainingNeeds(config, manifest, threads),
  }));
  const disk = diskNeeded(
    all.map(({ needs }) => needs),
    jobs,
    keepsRuns,
  );
  if (disk > room.disk) {
    throw new UserError(
      `The cells may need ${sizeText(disk)} on the disk and ${sizeText(room.disk)} are free.`,
      `${keepsRuns ? 'leave --keep-runs out; ' : ''}${override}`,
    );
  }
  if (bytes <= room.memory) return;
  const largest = all.reduce((most, one) =>
    memoryNeeded(one.needs) > memoryNeeded(most.needs) ? one : most,
  );
  const sentence = `${jobs === 1 ? 'A cell' : `${jobs} cells at a time`} of the comparison may need ${sizeText(bytes)} of memory and ${sizeText(room.memory)} are free; the largest is ${largest.label} with ${sizeText(memoryNeeded(largest.needs))}.`;
  throw new UserError(
    sentence,
    `${whatFits(configs, largest.config, manifest, threads, jobs, room)}; ${override}`,
  );
}

/** Cells that run at a time write checkpoints; those that are kept have one, and the best model. */
function diskNeeded(needs: readonly TrainingNeeds[], jobs: number, keepsRuns: boolean): number {
  const totals = needs.map(({ disk }) => disk.total).sort((a, b) => b - a);
  const atWork = totals.slice(0, jobs).reduce((sum, total) => sum + total, 0);
  const kept = needs.reduce((sum, { disk }) => sum + disk.checkpoint + disk.best, 0);
  return atWork + (keepsRuns ? kept : 0);
}

function whatFits(
  configs: readonly Config[],
  largest: Config,
  manifest: Manifest,
  threads: number,
  jobs: number,
  room: Room,
): string {
  for (let fewer = jobs - 1; fewer >= 1; fewer--) {
    const { bytes } = shareMachine(configs, manifest, {
      threads: threads * jobs,
      jobs: fewer,
      available: room.memory,
    });
    if (bytes <= room.memory) return `--jobs ${fewer} fits (${sizeText(bytes)})`;
  }
  for (const { flags, config } of smallerSettings(largest, true)) {
    const needed = memoryNeeded(trainingNeeds(config, manifest, threads));
    if (needed <= room.memory) return `for it ${flags} fits (${sizeText(needed)}), or leave it out`;
  }
  return 'leave it out';
}
