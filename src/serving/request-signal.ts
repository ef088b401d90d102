// Gives a request up: when its client is gone, nobody waits for its rows; when it takes too long, the client should
// not either.
import type { ServerResponse } from 'node:http';
import { RequestError } from './request-error.js';

/** A signal that aborts when the connection is closed before the response is sent, or after `timeoutMs`. */
export function requestSignal(response: ServerResponse, timeoutMs: number): AbortSignal {
  const controller = new AbortController();
  const timer = setTimeout(() => {
    const message = `The request was not answered within ${timeoutMs} ms; try again.`;
    controller.abort(new RequestError(503, message, 'timeout'));
  }, timeoutMs);
  response.once('close', () => {
    clearTimeout(timer);
    if (!response.writableFinished) controller.abort(clientGone);
  });
  return controller.signal;
}

/** Why a request ends that nobody waits for. */
export const clientGone = new Error('The client is gone.');
