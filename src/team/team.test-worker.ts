// A thread of the teams that team.test.ts makes.
import { workerData } from 'node:worker_threads';
import { UserError } from '../errors.js';
import { Barrier } from './barrier.js';
import { serve } from './serve.js';

export type TestMessage =
  | { kind: 'add'; to: number }
  | { kind: 'meet' }
  | { kind: 'throw'; thread: number }
  | { kind: 'die'; thread: number };

const { thread, threads, words } = workerData as { thread: number; threads: number; words: Int32Array };
const barrier = new Barrier(words, threads);

serve((message: TestMessage) => {
  switch (message.kind) {
    case 'add':
      return message.to + thread;
    case 'meet': {
      Atomics.add(words, Barrier.WORDS, 1);
      barrier.wait();
      const count = Atomics.load(words, Barrier.WORDS);
      barrier.wait();
      return count;
    }
    case 'throw':
      if (message.thread === thread) throw new UserError(`Thread ${thread} had enough.`, 'give it less.');
      barrier.wait();
      return 0;
    case 'die':
      if (message.thread === thread) process.exit(7);
      barrier.wait();
      return 0;
    default:
      return message satisfies never;
  }
});
