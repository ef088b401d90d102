// Worker threads that score independently of each other, and are replaced when they die. The pool knows which of them are
// free; what they are given is the queue's business (call-queue.ts).
import { Worker } from 'node:worker_threads';
import { workerArguments } from '../team/worker-arguments.js';
import type { PoolReply, PoolRequest, PoolWorkerData, ScoredRows } from './pool-worker.js';
import { ScoringFailure } from './scoring-failure.js';

/** How long the pool waits before it tries again to start a thread, when the last one did not even start; then twice as long. */
const RETRY_MS = 100;
const MOST_RETRY_MS = 30_000;

/** What a thread's batch came to. */
export type BatchOutcome = ScoredRows | ScoringFailure;

interface Seat {
  worker?: Worker;
  isReady: boolean;
  /** Settles when the thread is ready, or has died before. */
  starting?: Promise<void>;
  /** Told what the batch in work came to. */
  done?: ((outcome: BatchOutcome) => void) | undefined;
  /** Threads in a row that died before they were ready. */
  failedStarts: number;
  retry?: NodeJS.Timeout;
}

/** A pool's threads. `start` one, `close` it. */
export class WorkerPool {
  /** Called when a thread has become free. */
  onFree: () => void = () => {};
  /** Called when a thread has died, or could not be replaced. */
  onFailure: (error: Error) => void = () => {};
  /** Called when no thread is left, and a new one could not be started either. */
  onNone: (failure: ScoringFailure) => void = () => {};
  private readonly seats: Seat[];
  private isClosing = false;

  private constructor(
    workers: number,
    private readonly dataOf: (thread: number) => PoolWorkerData,
  ) {
    this.seats = Array.from({ length: workers }, () => ({ isReady: false, failedStarts: 0 }));
  }

  /** Starts all threads. @throws the reason of the first that cannot start; then none is left */
  static async start(workers: number, dataOf: (thread: number) => PoolWorkerData): Promise<WorkerPool> {
    const pool = new WorkerPool(workers, dataOf);
    try {
      await Promise.all(pool.seats.map((_, thread) => pool.start(thread)));
    } catch (error) {
      await pool.close();
      throw error;
    }
    return pool;
  }

  /** A thread that is ready and has nothing to do; −1 if there is none. */
  get free(): number {
    return this.seats.findIndex(({ isReady, done }) => isReady && !done);
  }

  /** Has a free thread score a batch. `done` is called once, before `onFree`. */
  run(thread: number, request: PoolRequest, done: (outcome: BatchOutcome) => void): void {
    const seat = this.seats[thread];
    seat.done = done;
    seat.worker?.postMessage(request);
  }

  /** Ends all threads, each when it has done what it was given: none may be inside onnxruntime then. */
  async close(): Promise<void> {
    this.isClosing = true;
    for (const { retry } of this.seats) clearTimeout(retry);
    await Promise.allSettled(this.seats.map(({ starting }) => starting));
    await Promise.all(this.seats.map((seat) => this.idle(seat)));
    await Promise.all(this.seats.map(({ worker }) => worker?.terminate()));
  }

  private idle(seat: Seat): Promise<void> {
    const { done } = seat;
    if (!done) return Promise.resolve();
    return new Promise((resolve) => {
      seat.done = (outcome) => {
        done(outcome);
        resolve();
      };
    });
  }

  /** Starts a thread. Resolves when it is ready; rejects when it dies before. */
  private start(thread: number): Promise<void> {
    const seat = this.seats[thread];
    seat.starting = this.spawn(thread, seat);
    return seat.starting;
  }

  private spawn(thread: number, seat: Seat): Promise<void> {
    return new Promise((resolve, reject) => {
      const worker = new Worker(new URL('./pool-worker.js', import.meta.url), {
        workerData: this.dataOf(thread),
        execArgv: workerArguments(),
      });
      seat.worker = worker;
      let reason: unknown;
      worker.on('error', (error) => {
        reason = error;
      });
      worker.on('message', (reply: PoolReply) => {
        if ('ready' in reply) {
          seat.isReady = true;
          seat.failedStarts = 0;
          resolve();
        } else this.finish(seat, reply);
        this.onFree();
      });
      worker.on('exit', () => {
        const wasReady = seat.isReady;
        seat.isReady = false;
        const failure = new ScoringFailure(
          `A thread that scores died${reason === undefined ? '' : `: ${reason instanceof Error ? reason.message : String(reason)}`}.`,
          { cause: reason },
        );
        if (!wasReady) return reject(failure);
        if (!this.isClosing) {
          this.onFailure(failure);
          this.replace(thread);
        }
        this.finish(seat, failure);
      });
    });
  }

  private finish(seat: Seat, outcome: BatchOutcome): void {
    const { done } = seat;
    seat.done = undefined;
    done?.(outcome);
  }

  private replace(thread: number): void {
    const seat = this.seats[thread];
    this.start(thread).catch((failure: ScoringFailure) => {
      if (this.isClosing) return;
      this.onFailure(failure);
      const delay = Math.min(MOST_RETRY_MS, RETRY_MS * 2 ** seat.failedStarts++);
      seat.retry = setTimeout(() => this.replace(thread), delay);
      if (this.seats.every(({ isReady }) => !isReady)) this.onNone(failure);
    });
  }
}
