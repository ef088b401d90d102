// Every benchmark. One file and one line add one.
import type { Benchmark } from './benchmark.js';
import { evaluate } from './evaluate.js';
import { kernels } from './kernels.js';
import { lookup } from './lookup.js';
import { peers } from './peers.js';
import { prepare } from './prepare.js';
import { quantize } from './quantize.js';
import { read } from './read.js';
import { serve } from './serve.js';
import { startup } from './startup.js';
import { step } from './step.js';
import { tables } from './tables.js';

export const benchmarks = {
  step,
  peers,
  kernels,
  tables,
  prepare,
  read,
  evaluate,
  quantize,
  lookup,
  serve,
  startup,
} as const satisfies Record<string, Benchmark>;
