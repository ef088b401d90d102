// Requests that wait for their model. One that waits too long is answered with 503; one whose client is gone is given
// up, if it has many rows: to stop a few costs more than to score them. No timer and no AbortSignal for each: they are
// a tenth of the work of a request of one row.
import type { ServerResponse } from 'node:http';
import { RequestError } from './request-error.js';

/** Rows from which on it pays to stop. */
const MANY_ROWS = 64;

export interface PendingRequest {
  deadline: number;
  isOver: boolean;
  /** Of a request with many rows. */
  signal: AbortSignal | undefined;
  onLate(error: RequestError): void;
}

export class PendingRequests {
  /** In the order of their deadlines, since all may take the same time. */
  private readonly pending = new Set<PendingRequest>();
  private readonly timer: NodeJS.Timeout;

  constructor(private readonly timeoutMs: number) {
    this.timer = setInterval(() => this.endLate(performance.now()), Math.min(100, timeoutMs / 4)).unref();
  }

  /** @param onLate answers the request in place of its model */
  add(response: ServerResponse, rows: number, onLate: (error: RequestError) => void): PendingRequest {
    const request: PendingRequest = {
      deadline: performance.now() + this.timeoutMs,
      isOver: false,
      signal: rows >= MANY_ROWS ? goneSignal(response) : undefined,
      onLate,
    };
    this.pending.add(request);
    return request;
  }

  /** @returns whether it is still to be answered */
  end(request: PendingRequest): boolean {
    if (request.isOver) return false;
    request.isOver = true;
    this.pending.delete(request);
    return true;
  }

  close(): void {
    clearInterval(this.timer);
  }

  private endLate(now: number): void {
    for (const request of this.pending) {
      if (request.deadline > now) return;
      this.end(request);
      request.onLate(
        new RequestError(
          503,
          `The request was not answered within ${this.timeoutMs} ms; try again.`,
          'timeout',
        ),
      );
    }
  }
}

/** Why a request ends that nobody waits for. */
export const clientGone = new Error('The client is gone.');

function goneSignal(response: ServerResponse): AbortSignal {
  const controller = new AbortController();
  response.once('close', () => {
    if (!response.writableFinished) controller.abort(clientGone);
  });
  return controller.signal;
}
