// A model written in chunks has the bytes of one written at once; with its tables in a second file it computes the same.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, expect, it } from 'vitest';
import { appendMetadata, OnnxFileWriter } from './onnx-file.js';
import { encodeOnnx, type OnnxModel } from './onnx-model.js';
import { createSession } from './session.js';

const folder = mkdtempSync(join(tmpdir(), 'bitrow-onnx-file-'));
afterAll(() => rmSync(folder, { recursive: true }));

const DIM = 3;

/** y = table[rows] · scale; the two initializers are there, or come later. */
function gatherModel(table: Float32Array, scale: Float32Array, isLater: boolean): OnnxModel {
  const bytes = ({ buffer, byteLength }: Float32Array) =>
    isLater ? { sizeBytes: byteLength } : new Uint8Array(buffer as ArrayBuffer);
  return {
    nodes: [
      { type: 'Gather', inputs: ['table', 'rows'], outputs: ['gathered'], attributes: { axis: 0 } },
      { type: 'Mul', inputs: ['gathered', 'scale'], outputs: ['y'], attributes: {} },
    ],
    initializers: [
      { name: 'table', type: 'float32', shape: [table.length / DIM, DIM], bytes: bytes(table) },
      { name: 'scale', type: 'float32', shape: [DIM], bytes: bytes(scale) },
    ],
    inputs: [{ name: 'rows', type: 'int64', shape: ['N'] }],
    outputs: [{ name: 'y', shape: ['N', DIM] }],
  };
}

async function lookUp(path: string, rows: readonly number[]): Promise<Float32Array> {
  const session = await createSession(path);
  const y = new Float32Array(rows.length * DIM);
  const feeds = { rows: { data: BigInt64Array.from(rows, BigInt), shape: [rows.length] } };
  await session.run(feeds, { y: { data: y, shape: [rows.length, DIM] } });
  await session.release();
  return y;
}

const chunks = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 8 });

it('has the same bytes in whatever chunks it is written, and computes the same from two files', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 30 }), chunks, async (count, sizes) => {
      const table = Float32Array.from({ length: count * DIM }, (_, i) => (i % 17) - 8.5);
      const scale = Float32Array.of(1, -2, 0.5);
      const arrays = { scale, table };
      const [inside, outside] = [join(folder, 'in.onnx'), join(folder, 'out.onnx')];
      for (const [path, most] of [
        [inside, 2 ** 30],
        [outside, 10],
      ] as const) {
        const file = await OnnxFileWriter.create(path, gatherModel(table, scale, true), most);
        // Tensors take turns, in the other order than in the model.
        for (const [name, { buffer }] of Object.entries(arrays)) {
          const bytes = new Uint8Array(buffer as ArrayBuffer);
          for (let at = 0, turn = 0; at < bytes.length; turn++) {
            const end = at + sizes[turn % sizes.length];
            await file.write(name, bytes.subarray(at, end));
            at = end;
          }
        }
        await file.finish();
        await appendMetadata(path, 'key', 'value');
      }
      const whole = { ...gatherModel(table, scale, false), metadata: { key: 'value' } };
      expect(new Uint8Array(readFileSync(inside))).toEqual(encodeOnnx(whole));
      const rows = Array.from({ length: count }, (_, row) => count - 1 - row);
      const expected = Float32Array.from(
        rows.flatMap((row) => [...table.subarray(row * DIM, row * DIM + DIM)]),
      );
      for (let i = 0; i < expected.length; i++) expected[i] *= scale[i % DIM];
      expect(await lookUp(inside, rows)).toEqual(expected);
      expect(await lookUp(outside, rows)).toEqual(expected);
    }),
    { numRuns: 30 },
  );
});

it('refuses more or fewer bytes than a tensor has, and leaves nothing when it is given up', async () => {
  const path = join(folder, 'no.onnx');
  const before = readdirSync(folder);
  const file = await OnnxFileWriter.create(
    path,
    gatherModel(new Float32Array(6), new Float32Array(3), true),
    10,
  );
  await expect(file.write('tabel', new Uint8Array(1))).rejects.toThrow("no tensor 'tabel'");
  await expect(file.write('scale', new Uint8Array(13))).rejects.toThrow("Tensor 'scale' has 12 bytes.");
  await file.write('scale', new Uint8Array(12));
  await expect(file.finish()).rejects.toThrow("Tensor 'table' was given 0 of 24 bytes.");
  await file.abandon();
  expect(readdirSync(folder)).toEqual(before);
  const nowhere = OnnxFileWriter.create(
    join(folder, 'none', 'x.onnx'),
    gatherModel(new Float32Array(3), new Float32Array(3), true),
  );
  await expect(nowhere).rejects.toThrow('cannot be written');
});
