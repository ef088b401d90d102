// The process of one cell. A process of its own, because its peak of memory is then its own, all of its memory is
// given back at its end, and what ends it (no memory left, a native fault) ends no other cell.
//
// It is told what to do, and to stop, by messages, and stops too when its parent is gone: with a checkpoint, so that
// the cell goes on from there.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
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
  | { kind: 'failed'; message: string };

/** Between two reports of a batch. */
const BATCH_MS = 200;

const controller = new AbortController();
const stop = () => controller.abort(new Error('stopped'));
// Ctrl-C reaches every process of a terminal; what is to be done about it is the parent's to say.
process.on('SIGINT', () => {});
process.on('SIGTERM', stop);
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
    say(controller.signal.aborted ? { kind: 'stopped' } : await failure(task, error));
  } finally {
    // Nothing else holds the process.
    if (process.connected) process.disconnect();
  }
}

function say(report: CellReport): void {
  // Without a parent there is nobody to hear it.
  if (process.connected) process.send?.(report, undefined, undefined, () => {});
}

/** What a person can put right is a sentence; of anything else the stack is kept beside the cell. */
async function failure({ folder }: CellTask, thrown: unknown): Promise<CellReport> {
  const error = thrown instanceof Error ? thrown : new Error(String(thrown));
  if (error instanceof UserError) {
    return { kind: 'failed', message: error.help ? `${error.message} ${error.help}` : error.message };
  }
  const path = join(folder, 'failure.txt');
  await mkdir(folder, { recursive: true }).catch(() => undefined);
  const isKept = await writeFile(path, `${error.stack}\n`).then(
    () => true,
    () => false,
  );
  return { kind: 'failed', message: `${error.message}${isKept ? ` (where: ${path})` : ''}` };
}
