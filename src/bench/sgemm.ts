// The machine's own limit: a large square product of fp32 matrices through onnxruntime, on one thread, or on each of several
// at the same time.
import { Graph } from '../graph/graph.js';
import { interpret } from '../graph/interpret.js';
import { toOnnx } from '../graph/onnx.js';
import { createSession } from '../graph/session.js';
import { allocateStaging } from '../graph/staging.js';
import { Team } from '../team/team.js';

const SIZE = 2048;
const FLOPS = 2 * SIZE ** 3;

export interface Sgemm {
  /** GFLOP/s of all threads together. */
  run(): Promise<number>;
  close(): Promise<void>;
}

/** Threads that each compute the large product. Each has checked a small one first. */
export async function startSgemm(threads: number): Promise<Sgemm> {
  const team = new Team<null, number>(new URL('./sgemm-worker.js', import.meta.url), threads, () => null);
  // The first run of a thread builds its session.
  await team.call(null);
  return {
    run: async () => (await team.call(null)).reduce((sum, rate) => sum + rate, 0),
    close: () => team.close(),
  };
}

/** Checks a small product, then returns a function that does the large one and gives its GFLOP/s. */
export async function createSgemm(): Promise<() => Promise<number>> {
  await verify();
  const session = await createSession(product(SIZE));
  const [a, b, out] = allocateStaging([SIZE * SIZE, SIZE * SIZE, SIZE * SIZE]);
  const view = (data: Float32Array) => ({ data, shape: [SIZE, SIZE] });
  a.fill(0.5);
  b.fill(0.25);
  return async () => {
    const began = performance.now();
    await session.run({ a: view(a), b: view(b) }, { out: view(out) });
    return FLOPS / (performance.now() - began) / 1e6;
  };
}

function graphOf(size: number) {
  const g = new Graph();
  return g.matmul(g.input('a', ['B', size]), g.parameter('b', [size, size]));
}

function product(size: number): Uint8Array {
  return toOnnx({ outputs: { out: graphOf(size) } });
}

async function verify(): Promise<void> {
  const size = 33;
  const numbers = (seed: number) => Float32Array.from({ length: size * size }, (_, i) => Math.sin(seed + i));
  const [a, b, out] = [numbers(1), numbers(2), new Float32Array(size * size)];
  const view = (data: Float32Array) => ({ data, shape: [size, size] });
  const session = await createSession(product(size));
  await session.run({ a: view(a), b: view(b) }, { out: view(out) });
  await session.release();
  const expected = interpret({ out: graphOf(size) }, { a: view(a), b: view(b) }).out.data;
  if (out.some((value, i) => Math.abs(value - expected[i]) > 1e-4))
    throw new Error('sgemm gives a wrong product.');
}
