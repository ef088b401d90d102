// Runs cells, some at a time, each in a process of its own, to the last one; one that fails takes no other with it.
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { TrainEvent } from '../training/events.js';
import type { CellOrder, CellReport } from './cell-process.js';
import type { CellTask } from './run-cell.js';

/** How a cell ended: `done` has its cell.json. */
export type CellEnd = { kind: 'done' } | { kind: 'stopped' } | { kind: 'failed'; error: string };

export interface PoolOptions<Task extends CellTask> {
  tasks: readonly Task[];
  /** Cells at a time. */
  jobs: number;
  onStart(task: Task): void;
  onProgress(task: Task, event: TrainEvent): void;
  /** The next cell waits for it. */
  onEnd(task: Task, end: CellEnd): Promise<void>;
  signal?: AbortSignal | undefined;
}

/**
 * Runs all tasks, begun in their order. Stopped by the signal, every cell writes a checkpoint first.
 *
 * @throws the signal's reason, when no process is left
 */
export async function runCells<Task extends CellTask>(options: PoolOptions<Task>): Promise<void> {
  const { tasks, jobs, onStart, onProgress, onEnd, signal } = options;
  let next = 0;
  const one = async () => {
    while (next < tasks.length && !signal?.aborted) {
      const task = tasks[next++];
      onStart(task);
      const end = await runInProcess(task, (event) => onProgress(task, event), signal);
      await onEnd(task, end);
    }
  };
  const ends = await Promise.allSettled(Array.from({ length: jobs }, one));
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
  signal?.throwIfAborted();
}

/** A process's last words are kept for the sentence of a failure that it could not report itself. */
const LAST_WORDS = 2000;

function runInProcess(
  task: CellTask,
  onProgress: (event: TrainEvent) => void,
  signal: AbortSignal | undefined,
): Promise<CellEnd> {
  return new Promise((resolve) => {
    const script = fileURLToPath(new URL('./cell-process.js', import.meta.url));
    const child = fork(script, [], { execArgv: [], stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
    let end: CellEnd | undefined;
    let words = '';
    const stop = () => order(child, { kind: 'stop' });
    child.stderr?.on('data', (text) => {
      words = `${words}${text}`.slice(-LAST_WORDS);
    });
    child.on('message', (report: CellReport) => {
      if (report.kind === 'progress') onProgress(report.event);
      else end = report.kind === 'failed' ? { kind: 'failed', error: report.message } : report;
    });
    child.on('error', (error) => {
      end = { kind: 'failed', error: `No process could be started for it: ${error.message}.` };
      if (child.pid === undefined) resolve(end);
    });
    child.on('close', (code, by) => {
      signal?.removeEventListener('abort', stop);
      if (signal?.aborted && end?.kind !== 'done') resolve({ kind: 'stopped' });
      else if (end?.kind === 'stopped') resolve({ kind: 'failed', error: 'Its process was asked to end.' });
      else resolve(end ?? { kind: 'failed', error: died(code, by, words) });
    });
    signal?.addEventListener('abort', stop, { once: true });
    order(child, { kind: 'run', task });
    if (signal?.aborted) stop();
  });
}

function order(child: ChildProcess, what: CellOrder): void {
  // A process that has just ended hears nothing more; how it ended is known from `close`.
  if (child.connected) child.send(what, () => {});
}

function died(code: number | null, by: NodeJS.Signals | null, words: string): string {
  const how = by === null ? `with exit code ${code}` : `by ${by}`;
  const why = by === 'SIGKILL' ? '; the system may have run out of memory' : '';
  const last = words.trim() === '' ? '' : ` Its last words: ${words.trim()}`;
  return `Its process was ended ${how}${why}.${last}`;
}
