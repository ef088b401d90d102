// The process of one cell. A process of its own, because its peak of memory is then its own, all of its memory is
// given back at its end, and what ends it (no memory left, a native fault) ends no other cell.
//
// It is told what to do, and to stop, by messages, and stops too when its parent is gone: with a checkpoint, so that
// the cell goes on from there.
import { UserError } from '../errors.js';
import type { TrainEvent } from '../training/events.js';
import { type CellTask, runCell } from './run-cell.js';

/** What the parent says. */
export type CellOrder = { kind: 'run'; task: CellTask } | { kind: 'stop' };

/** What the process says: progress, and last how it ended. */
export type CellReport =
  | { kind: 'progress'; event: TrainEvent }
  | { kind: 'done' }
  | { kind: 'stopped' }
  | { kind: 'failed'; message: string; help: string | null; stack: string | null };

/** Between two reports of a batch. */
const BATCH_MS = 200;

const controller = new AbortController();
const stop = () => controller.abort(new Error('stopped'));
// Ctrl-C reaches every process of a terminal; what is to be done about it is the parent's to say.
process.on('SIGINT', () => {});
process.on('disconnect', stop);
process.on('message', (order: CellOrder) => {
  if (order.kind === 'stop') stop();
  else void work(order.task);
});

async function work(task: CellTask): Promise<void> {
  let last = Number.NEGATIVE_INFINITY;
  const onProgress = (event: TrainEvent) => {
    if (event.kind === 'batch') {
      const now = performance.now();
      if (now - last < BATCH_MS) return;
      last = now;
    }
    say({ kind: 'progress', event });
  };
  try {
    await runCell(task, { onProgress, signal: controller.signal });
    say({ kind: 'done' });
  } catch (error) {
    say(controller.signal.aborted ? { kind: 'stopped' } : failure(error));
  } finally {
    // Nothing else holds the process.
    if (process.connected) process.disconnect();
  }
}

function say(report: CellReport): void {
  // Without a parent there is nobody to hear it.
  if (process.connected) process.send?.(report, undefined, undefined, () => {});
}

function failure(thrown: unknown): CellReport {
  const error = thrown instanceof Error ? thrown : new Error(String(thrown));
  const isForPeople = error instanceof UserError;
  const help = isForPeople ? (error.help ?? null) : null;
  return { kind: 'failed', message: error.message, help, stack: isForPeople ? null : (error.stack ?? null) };
}
