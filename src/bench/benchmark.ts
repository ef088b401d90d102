// What a benchmark is. It verifies first: a result that is not what it should be is an error, not a time. Machines
// are noisy, so what it compares takes turns within one run, and it reports medians with their spread.

import type { ShapeName } from './shapes.js';

export interface BenchmarkOptions {
  /** Directory of an encoded dataset. */
  data: string;
  /** Batch and network of benchmarks that train. */
  shape: ShapeName;
  /** Where to draw what a benchmark has to draw; null: nowhere. */
  figure: string | null;
  /** Program that runs Python, for what is measured beside PyTorch where it has that. */
  python: string;
  /** Rows of the table that is served, and seconds of load a turn (serve). */
  features?: number | undefined;
  seconds?: number | undefined;
  onProgress: (progress: { stage: string; done: number; total: number }) => void;
  signal: AbortSignal;
}

export interface Benchmark {
  /** One line for `--help`. */
  summary: string;
  run(options: BenchmarkOptions): Promise<{ text: string; json: Record<string, unknown> }>;
}

/** Middle and quartiles of some times. */
export interface Spread {
  median: number;
  low: number;
  high: number;
}

export function spread(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share: number) => sorted[Math.round(share * (sorted.length - 1))];
  return { median: at(0.5), low: at(0.25), high: at(0.75) };
}
