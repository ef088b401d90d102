// What is seen while a comparison is made: the plan with its estimate, a line for the cell in work (of several the one
// that began first), a line for each that has finished, and warnings.
import type { CompareEvent } from '../comparing/events.js';
import { count } from '../reports/numbers.js';
import type { TrainEvent } from '../training/events.js';
import { createProgress, type ProgressTarget } from './progress.js';
import { bytes, duration, metric } from './quantities.js';

/** A listener for `compare`. `finish` clears the line of a terminal. */
export function compareProgress(target: ProgressTarget, json: boolean) {
  const progress = createProgress(target, { json, plainMs: 10_000 });
  /** Cells in work, the oldest first: which of the trainings, and the rows of the training split. */
  const inWork = new Map<string, { place: string; rows: number }>();
  let begun: Extract<CompareEvent, { kind: 'start' }> | undefined;
  let finished = 0;
  return {
    /** How many cells have finished; null before the comparison has begun. */
    counts: () => (begun && { finished, cells: begun.cells }) || null,
    onProgress(event: CompareEvent): void {
      switch (event.kind) {
        case 'start':
          begun = event;
          finished = event.finished;
          for (const line of planLines(event)) progress.line(line);
          break;
        case 'training-start':
          inWork.set(named(event.label, event.seed), {
            place: `${event.training}/${event.trainings}`,
            rows: 0,
          });
          break;
        case 'training':
          onTraining(named(event.label, event.seed), event.event);
          break;
        case 'training-end':
          inWork.delete(named(event.label, event.seed));
          break;
        case 'cell-end':
          if (event.cell.status !== 'failed') finished++;
          if (event.cell.status === 'failed') progress.warn(endLine(event));
          else progress.line(endLine(event));
          break;
        case 'warning':
          progress.warn(`warning: ${event.message}`);
          break;
        default:
          event satisfies never;
      }
    },
    finish: progress.finish,
  };

  function onTraining(name: string, event: TrainEvent): void {
    const cell = inWork.get(name);
    if (!cell) return;
    if (event.kind === 'start') cell.rows = event.rows;
    if (event.kind === 'resume') progress.line(`${name}  goes on in epoch ${event.epoch}`);
    if (event.kind === 'warning') progress.warn(`warning: ${name}: ${event.message}`);
    const [oldest] = inWork.keys();
    if (event.kind !== 'batch' || name !== oldest) return;
    const { epoch, epochs, done, batches, loss } = event;
    progress.update({
      stage: `${cell.place} ${name}, epoch ${epoch}/${epochs}`,
      done: (done / batches) * cell.rows,
      total: cell.rows,
      unit: 'samples',
      details: [`loss ${loss.toFixed(4)}`],
    });
  }
}

function named(variant: string, seed: number): string {
  return `${variant}, seed ${seed}`;
}

function planLines(plan: Extract<CompareEvent, { kind: 'start' }>): string[] {
  const { variants, seeds, cells, finished, trainings, forOthers, jobs, threads, epochs } = plan;
  const done = finished > 0 ? `, ${finished} of them finished before` : '';
  const lines = [
    `${plural(variants, 'variant')} × ${plural(seeds, 'seed')} = ${plural(cells, 'cell')}${done}`,
  ];
  if (trainings === 0) return [...lines, 'Nothing is left to train.'];
  const together = jobs === 1 ? 'one at a time' : `${jobs} at a time`;
  const also = forOthers > 0 ? ` (${forOthers} of full for its weights, which others are made from)` : '';
  lines.push(
    `${plural(trainings, 'training')} to do${also}, ${together} on ${plural(threads, 'thread')}${jobs > 1 ? ' each' : ''}, of at most ${plural(epochs, 'epoch')}`,
    `memory: about ${bytes(plan.memoryBytes)} at the most, ${bytes(plan.availableBytes)} are free`,
    plan.seconds === null
      ? 'time: unknown until the first cell has finished'
      : plan.secondsFrom === 'cells'
        ? `time: about ${duration(plan.seconds)}, going by the cells that have finished`
        : `time: about ${duration(plan.seconds)} if no training ends early, going by a few batches of each kind`,
  );
  if (plan.memoryBytes > plan.availableBytes)
    lines.push('warning: that is more than is free; it may be ended by the system');
  return lines;
}

function endLine({
  cell,
  done,
  trainings,
  secondsLeft,
  ...event
}: Extract<CompareEvent, { kind: 'cell-end' }>): string {
  const place = `${done} of ${trainings} trainings`;
  const left =
    secondsLeft === null || done === trainings ? place : `${place}, about ${duration(secondsLeft)} left`;
  const name = named(event.variant, event.seed);
  if (cell.status !== 'finished') return `${name}  ${cell.status}: ${cell.error}  (${left})`;
  const parts = [
    name,
    ...(cell.validation ? [`validation AUC ${metric(cell.validation.auc, 5)}`] : []),
    `best epoch ${cell.bestEpoch}`,
    ...(cell.samplesPerSecond === null ? [] : [`${count(cell.samplesPerSecond)} samples/s`]),
    ...(cell.seconds === null ? [] : [duration(cell.seconds)]),
    `(${left})`,
  ];
  return parts.join('  ');
}

function plural(n: number, noun: string): string {
  return `${count(n)} ${noun}${n === 1 ? '' : 's'}`;
}
