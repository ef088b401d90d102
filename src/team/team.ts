// A team of worker threads that run one program on the same messages, each on its own part of the data. A call
// goes to every thread and is answered by every thread, in the order sent; a thread that throws or dies ends the
// whole team, since the others may be waiting for it at a barrier.
//
// A thread is only ended while it is idle: one that is ended inside onnxruntime takes the process with it.
import { Worker } from 'node:worker_threads';
import { UserError } from '../errors.js';
import { workerArguments } from './worker-arguments.js';

/** What a worker answers: a value, or what it threw. */
export type Reply = { value: unknown } | { failure: Failure };

/** An error, in a form that passes between threads. */
export interface Failure {
  name: string;
  message: string;
  help?: string | undefined;
  stack?: string | undefined;
}

/** How long a closing team waits for threads that are still at work. */
const GRACE_MS = 5000;

interface Pending {
  replies: unknown[];
  missing: number;
  resolve(replies: unknown[]): void;
  reject(error: Error): void;
}

/** The main thread's side of a team. */
export class Team<Message, Value> {
  private readonly workers: Worker[];
  /** Calls without all their answers, oldest first; each worker answers in order. */
  private readonly pending: Pending[] = [];
  private readonly answered: number[];
  private sent = 0;
  /** Calls that were answered by all. */
  private done = 0;
  private failure: Error | undefined;
  private isClosing = false;
  private closed: Promise<void> | undefined;
  private onAnswer: (() => void) | undefined;

  /**
   * @param script the module each thread runs; it must call `serve`
   * @param workerData per thread, structured-cloned
   * @param release frees threads that wait for one that has failed (Barrier.abandon)
   */
  constructor(
    script: URL,
    threads: number,
    workerData: (thread: number) => unknown,
    private readonly release: () => void = () => {},
  ) {
    this.answered = new Array(threads).fill(0);
    // Each thread's first answer is that it has started: until then it may be inside onnxruntime.
    this.sent = 1;
    this.pending.push({ replies: [], missing: threads, resolve() {}, reject() {} });
    const execArgv = workerArguments();
    this.workers = Array.from({ length: threads }, (_, thread) => {
      const worker = new Worker(script, { workerData: workerData(thread), execArgv });
      worker.on('message', (reply: Reply) => this.receive(thread, reply));
      worker.on('error', (error) => this.fail(error instanceof Error ? error : new Error(String(error))));
      worker.on('exit', (code) => {
        this.answered[thread] = Number.POSITIVE_INFINITY;
        if (!this.isClosing) this.fail(new Error(`Worker thread ${thread} ended with exit code ${code}.`));
        this.onAnswer?.();
      });
      return worker;
    });
  }

  get threads(): number {
    return this.workers.length;
  }

  /** Sends a message to every thread; resolves to their answers, in thread order. */
  call(message: Message): Promise<Value[]> {
    if (this.failure) return Promise.reject(this.failure);
    this.sent++;
    return new Promise((resolve, reject) => {
      this.pending.push({
        replies: [],
        missing: this.workers.length,
        resolve: resolve as (replies: unknown[]) => void,
        reject,
      });
      for (const worker of this.workers) worker.postMessage(message);
    });
  }

  /** Ends all threads, each when it has done what it was sent. Calls still open then are rejected. */
  close(): Promise<void> {
    this.closed ??= this.end();
    return this.closed;
  }

  private async end(): Promise<void> {
    this.isClosing = true;
    await this.idle();
    await Promise.all(this.workers.map((worker) => worker.terminate()));
    this.fail(new Error('The team was closed.'));
  }

  /** Resolves when every thread has answered all it was sent or is gone; after GRACE_MS in any case. */
  private async idle(): Promise<void> {
    const isIdle = () => this.answered.every((count) => count >= this.sent);
    if (isIdle()) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, GRACE_MS);
      this.onAnswer = () => {
        if (!isIdle()) return;
        clearTimeout(timer);
        resolve();
      };
    });
    this.onAnswer = undefined;
  }

  private receive(thread: number, reply: Reply): void {
    const call = this.pending[this.answered[thread] - this.done];
    this.answered[thread]++;
    if ('failure' in reply) {
      // An abandoned thread knows no reason; the thread that failed tells it.
      if (reply.failure.name !== 'Abandoned') this.fail(revive(reply.failure));
    } else if (!this.failure) {
      call.replies[thread] = reply.value;
      call.missing--;
      while (this.pending[0]?.missing === 0) {
        const first = this.pending.shift();
        this.done++;
        first?.resolve(first.replies);
      }
    }
    this.onAnswer?.();
  }

  private fail(error: Error): void {
    if (this.failure) return;
    this.failure = error;
    this.release();
    for (const call of this.pending.splice(0)) call.reject(error);
    if (!this.isClosing) void this.close();
  }
}

/** @throws UserError unless `threads` is a whole number, at least 1 */
export function checkThreads(threads: number): void {
  if (Number.isInteger(threads) && threads >= 1) return;
  throw new UserError(`The number of threads is ${threads} (allowed: whole numbers from 1).`, undefined, 2);
}

function revive({ name, message, help, stack }: Failure): Error {
  if (name === 'UserError') return new UserError(message, help);
  const error = new Error(message);
  if (stack) error.stack = stack;
  return error;
}
