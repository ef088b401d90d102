// One thread of a team that makes a file's blocks: thread t of n makes block t of every n.
import { workerData } from 'node:worker_threads';
import { serve } from '../team/serve.js';
import { type Block, BlockMaker, type FileSpec } from './block-maker.js';

/** What each thread is given. */
export interface GeneratingWorkerData {
  thread: number;
  threads: number;
  spec: FileSpec;
}

/** Make this thread's block of a round, or tell what all its rows were worth. */
export type GeneratingMessage = { kind: 'round'; round: number } | { kind: 'histogram' };
/** Answers to the two, by kind. */
export type GeneratingAnswer = { block: Block | null } | { counts: Float64Array };

const { thread, threads, spec } = workerData as GeneratingWorkerData;
const maker = new BlockMaker(spec);
serve((message: GeneratingMessage): GeneratingAnswer => {
  switch (message.kind) {
    case 'round':
      return { block: maker.make(message.round * threads + thread) };
    case 'histogram':
      return { counts: maker.histogram.counts };
    default:
      return message satisfies never;
  }
});
