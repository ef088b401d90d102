// Every benchmark. One file and one line add one.
import type { Benchmark } from './benchmark.js';
import { lookup } from './lookup.js';
import { peers } from './peers.js';
import { quantize } from './quantize.js';
import { step } from './step.js';

export const benchmarks = { step, quantize, lookup, peers } as const satisfies Record<string, Benchmark>;
