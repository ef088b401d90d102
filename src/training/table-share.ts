// A thread's part of what all do to a whole table: rows in equal runs, and counts that are added up through the exchange.
// Counts are whole numbers, so neither the runs nor their order show.
import type { TableShare } from '../embedding/method.js';
import type { Exchange } from './exchange.js';
import { COUNTS_BYTES } from './exchange-layout.js';

/** The rows of a thread, of `rows`, and how it meets the others. */
export function tableShare(exchange: Exchange, thread: number, rows: number): TableShare {
  const { threads } = exchange.shape;
  const countsOf = (other: number, length: number) =>
    new Float64Array(exchange.memory.buffer, exchange.at.counts + other * COUNTS_BYTES, length);
  return {
    first: Math.floor((rows * thread) / threads),
    end: Math.floor((rows * (thread + 1)) / threads),
    meet: () => exchange.meet('together'),
    sum(counts) {
      countsOf(thread, counts.length).set(counts);
      exchange.meet('together');
      counts.fill(0);
      for (let other = 0; other < threads; other++) {
        const some = countsOf(other, counts.length);
        for (let i = 0; i < counts.length; i++) counts[i] += some[i];
      }
      // Until all have read them.
      exchange.meet('together');
    },
  };
}
