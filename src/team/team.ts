// A team of worker threads that run one program on the same messages, each on its own part of the data. A call
// goes to every thread and is answered by every thread, in the order sent; a thread that throws or dies ends the
// whole team, since the others may be waiting for it at a barrier.
import { Worker } from 'node:worker_threads';
import { UserError } from '../errors.js';

/** What a worker answers: a value, or what it threw. */
export type Reply = { value: unknown } | { failure: Failure };

export interface Failure {
  name: string;
  message: string;
  help?: string | undefined;
  stack?: string | undefined;
}

interface Pending {
  replies: unknown[];
  missing: number;
  resolve(replies: unknown[]): void;
  reject(error: Error): void;
}

export class Team<Message, Value> {
  private readonly workers: Worker[];
  /** Calls without all their answers, oldest first; each worker answers in order. */
  private readonly pending: Pending[] = [];
  private readonly answered: number[];
  private first = 0;
  private failure: Error | undefined;
  private isClosing = false;

  /**
   * @param script the module each thread runs; it must call `serve`
   * @param workerData per thread, structured-cloned
   */
  constructor(script: URL, threads: number, workerData: (thread: number) => unknown) {
    this.answered = new Array(threads).fill(0);
    this.workers = Array.from({ length: threads }, (_, thread) => {
      const worker = new Worker(script, { workerData: workerData(thread) });
      worker.on('message', (reply: Reply) => this.receive(thread, reply));
      worker.on('error', (error) => this.fail(error instanceof Error ? error : new Error(String(error))));
      worker.on('exit', (code) => {
        if (!this.isClosing) this.fail(new Error(`Worker thread ${thread} ended with exit code ${code}.`));
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

  /** Ends all threads. Calls still open are rejected. */
  async close(): Promise<void> {
    this.isClosing = true;
    await Promise.all(this.workers.map((worker) => worker.terminate()));
    this.fail(new Error('The team was closed.'));
  }

  private receive(thread: number, reply: Reply): void {
    if ('failure' in reply) {
      this.fail(revive(reply.failure));
      return;
    }
    const call = this.pending[this.answered[thread] - this.first];
    this.answered[thread]++;
    call.replies[thread] = reply.value;
    call.missing--;
    while (this.pending[0]?.missing === 0) {
      const done = this.pending.shift();
      this.first++;
      done?.resolve(done.replies);
    }
  }

  private fail(error: Error): void {
    if (this.failure) return;
    this.failure = error;
    for (const call of this.pending.splice(0)) call.reject(error);
    if (this.isClosing) return;
    this.isClosing = true;
    for (const worker of this.workers) void worker.terminate();
  }
}

function revive({ name, message, help, stack }: Failure): Error {
  if (name === 'UserError') return new UserError(message, help);
  const error = new Error(message);
  if (stack) error.stack = stack;
  return error;
}
