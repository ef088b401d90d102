// Every benchmark. One file and one line add one.
import type { Benchmark } from './benchmark.js';
import { step } from './step.js';

export const benchmarks = { step } as const satisfies Record<string, Benchmark>;
