// Every benchmark. One file and one line add one.
import type { Benchmark } from './benchmark.js';
import { lookup } from './lookup.js';
import { quantize } from './quantize.js';
import { serve } from './serve.js';
import { step } from './step.js';

export const benchmarks = { step, quantize, lookup, serve } as const satisfies Record<string, Benchmark>;
