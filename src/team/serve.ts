// The worker's side of a team: answers messages one after the other, in the order they came.
import { parentPort } from 'node:worker_threads';
import { UserError } from '../errors.js';
import type { Reply } from './team.js';

/** Serves this worker thread's messages with `handle` until the team is closed. */
export function serve<Message>(handle: (message: Message) => Promise<unknown> | unknown): void {
  const port = parentPort;
  if (!port) throw new Error('Only a worker thread can serve.');
  let last: Promise<void> = Promise.resolve();
  port.on('message', (message: Message) => {
    last = last.then(async () => {
      let reply: Reply;
      try {
        reply = { value: await handle(message) };
      } catch (error) {
        const { name, message, stack } = error instanceof Error ? error : new Error(String(error));
        reply = {
          failure: { name, message, stack, help: error instanceof UserError ? error.help : undefined },
        };
      }
      port.postMessage(reply);
    });
  });
}
