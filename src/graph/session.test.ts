import { Worker } from 'node:worker_threads';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { differentiate } from './differentiate.js';
import { Graph } from './graph.js';
import { toOnnx } from './onnx.js';
import { createSession, type Session } from './session.js';
import { elementCount } from './shape.js';

// The compiler's library without the DOM does not know it.
declare const WebAssembly: { Memory: new (options: { initial: number }) => { readonly buffer: ArrayBuffer } };

/** loss = Σ x² and its gradient 2x. */
function squares(): Uint8Array {
  const g = new Graph();
  const x = g.input('x', ['B', 4]);
  const loss = g.sum(g.square(x));
  const [dX] = differentiate(g, loss, [x]);
  return toOnnx({ outputs: { loss, dX } });
}

describe('a session', () => {
  let session: Session;
  beforeAll(async () => {
    session = await createSession(squares());
  });
  afterAll(() => session.release());

  // 4 bytes is all that a Float32Array asks for; 64 is a cache line.
  it.each([0, 4, 12, 64])(
    'writes into views at %i bytes of unshared wasm memory, and nowhere else',
    async (offset) => {
      const memory = new WebAssembly.Memory({ initial: 1 });
      const all = new Float32Array(memory.buffer).fill(-7);
      const x = new Float32Array(memory.buffer, 1024 + offset, 8);
      const dX = new Float32Array(memory.buffer, 2048 + offset, 8);
      const loss = new Float32Array(memory.buffer, 4096 + offset, 1);
      x.set([1, 2, 3, 4, 5, 6, 7, 8]);
      const before = all.slice();

      await session.run(
        { x: { data: x, shape: [2, 4] } },
        { loss: { data: loss, shape: [] }, dX: { data: dX, shape: [2, 4] } },
      );
      expect([...dX]).toEqual([2, 4, 6, 8, 10, 12, 14, 16]);
      expect([...loss]).toEqual([204]);
      before.set(dX, dX.byteOffset / 4);
      before.set(loss, loss.byteOffset / 4);
      expect(all).toEqual(before);
      expect(memory.buffer.byteLength).toBe(65536);
    },
  );

  it('leaves an ordinary buffer attached, and keeps no copy of the outputs', async () => {
    const rows = 1 << 18;
    const x = { data: new Float32Array(rows * 4).fill(1), shape: [rows, 4] };
    const dX = { data: new Float32Array(rows * 4), shape: [rows, 4] };
    const before = process.memoryUsage().arrayBuffers;
    for (let i = 0; i < 20; i++) await session.run({ x }, { dX });
    // onnxruntime-node makes a copy of 4 MiB in each run; 20 of them would be 80 MiB until a collection.
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 ** 23);
    expect(dX.data.length).toBe(rows * 4);
    expect(dX.data.every((value) => value === 2)).toBe(true);
  });

  it('takes another batch size and other memory in every run, and outputs it is asked for', async () => {
    for (const rows of [1, 3, 2]) {
      const dX = new Float32Array(rows * 4);
      await session.run(
        { x: { data: new Float32Array(rows * 4).fill(rows), shape: [rows, 4] } },
        { dX: { data: dX, shape: [rows, 4] } },
      );
      expect(dX.every((value) => value === 2 * rows)).toBe(true);
    }
  });

  it('leaves denormal numbers alone, its own and those of its thread', async () => {
    const loss = new Float32Array(1);
    const x = { data: Float32Array.of(1e-20, 0, 0, 0), shape: [1, 4] };
    await session.run({ x }, { loss: { data: loss, shape: [] } });
    expect(loss[0]).toBe(Math.fround(x.data[0] * x.data[0]));
    expect(loss[0]).toBeGreaterThan(0);
    expect(Number('1e-300') * Number('1e-10')).toBe(1e-310);
  });

  it('refuses shared memory and views of the wrong size', async () => {
    const dX = { data: new Float32Array(4), shape: [1, 4] };
    const shared = new Float32Array(new SharedArrayBuffer(16));
    await expect(session.run({ x: { data: shared, shape: [1, 4] } }, { dX })).rejects.toThrow(
      "The view of 'x' is of shared memory",
    );
    await expect(session.run({ x: { data: new Float32Array(3), shape: [1, 4] } }, { dX })).rejects.toThrow(
      "The view of 'x' has 3 numbers (its shape (1, 4) has 4).",
    );
  });
});

it('gives the same bits wherever its memory begins, in every run and session', async () => {
  const [rows, columns, hidden] = [48, 37, 21];
  const g = new Graph();
  const x = g.input('x', ['B', columns]);
  const weight = g.parameter('weight', [columns, hidden]);
  const out = g.relu(g.linear(x, weight, g.parameter('bias', [hidden])));
  const loss = g.sum(g.square(out));
  const [dX, dWeight] = differentiate(g, loss, [x, weight]);
  const model = toOnnx({ outputs: { loss, dX, dWeight } });

  const shapes = { x: [rows, columns], weight: [columns, hidden], bias: [hidden] };
  const results = { loss: [], dX: [rows, columns], dWeight: [columns, hidden] };
  const run = async (session: Session, offset: number) => {
    const views = (all: Record<string, number[]>) =>
      Object.fromEntries(
        Object.entries(all).map(([name, shape]) => {
          const length = elementCount(shape);
          const data = new Float32Array(new ArrayBuffer(4 * length + 64), offset, length);
          for (let i = 0; i < length; i++) data[i] = Math.sin(i * shape[0]);
          return [name, { shape, data }];
        }),
      );
    const fetches = views(results);
    await session.run(views(shapes), fetches);
    return Object.values(fetches).map(({ data }) => Buffer.from(data.slice().buffer).toString('hex'));
  };
  const [one, other] = [await createSession(model), await createSession(model)];
  const first = await run(one, 0);
  for (const offset of [0, 4, 28, 64]) {
    expect(await run(one, offset)).toEqual(first);
    expect(await run(other, offset)).toEqual(first);
  }
  await Promise.all([one.release(), other.release()]);
});

it('runs in worker threads, each with its own session, denormal numbers and all', async () => {
  const model = squares();
  const source = `
    const { parentPort, workerData } = require('node:worker_threads');
    import(workerData.module).then(async ({ createSession }) => {
      const session = await createSession(workerData.model);
      const buffer = new WebAssembly.Memory({ initial: 1 }).buffer;
      const x = new Float32Array(buffer, 64, 4).fill(workerData.value * 1e-40);
      const dX = new Float32Array(buffer, 128, 4);
      await session.run({ x: { data: x, shape: [1, 4] } }, { dX: { data: dX, shape: [1, 4] } });
      await session.release();
      parentPort.postMessage([...dX].map((value) => Math.round(value * 1e40)));
    });`;
  const workerData = { module: new URL('./session.js', import.meta.url).href, model };
  const results = await Promise.all(
    [3, 5].map(
      (value) =>
        new Promise((resolve, reject) => {
          const worker = new Worker(source, { eval: true, workerData: { ...workerData, value } });
          worker.once('message', resolve);
          worker.once('error', reject);
        }),
    ),
  );
  expect(results).toEqual([
    [6, 6, 6, 6],
    [10, 10, 10, 10],
  ]);
});
