// The worker's side of a team: answers messages one after the other, in the order they came.
import { parentPort } from 'node:worker_threads';
import { UserError } from '../errors.js';
import type { Reply } from './team.js';

/**
 * Serves this worker thread's messages with `handle` until the team is closed. Its first answer says that the thread
 * has started. After a failure it does nothing more: the others must not meet it at a barrier again.
 *
 * @param release frees threads that wait for this one (Barrier.abandon), called when it has failed
 */
export function serve<Message>(
  handle: (message: Message) => Promise<unknown> | unknown,
  release: () => void = () => {},
): void {
  const port = parentPort;
  if (!port) throw new Error('Only a worker thread can serve.');
  let failed: Reply | undefined;
  let last: Promise<void> = Promise.resolve();
  port.on('message', (message: Message) => {
    last = last.then(async () => {
      if (failed) return port.postMessage(failed);
      try {
        port.postMessage({ value: await handle(message) } satisfies Reply);
      } catch (error) {
        failed = failureOf(error);
        // The reason goes first; what the others then say is that they were abandoned.
        port.postMessage(failed);
        release();
      }
    });
  });
  port.postMessage({ value: undefined } satisfies Reply);
}

function failureOf(thrown: unknown): Reply {
  const error = thrown instanceof Error ? thrown : new Error(String(thrown));
  const { name, message, stack } = error;
  return { failure: { name, message, stack, help: error instanceof UserError ? error.help : undefined } };
}
