// .npy files against numpy's bytes, there and back, and what is refused of damaged and unusual ones.
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { UserError } from '../errors.js';
import { type NpyDtype, npyDtypes } from './npy.js';
import { type NpyArray, NpyReader } from './npy-reader.js';
import { NpyWriter } from './npy-writer.js';

const folder = mkdtempSync(join(tmpdir(), 'bitrow-npy-'));
afterAll(() => rmSync(folder, { recursive: true }));
let files = 0;
const newPath = (): string => join(folder, `${files++}.npy`);

// numpy 2.4.6: np.save of np.array([[1.5, -2], [3, 4]], '<f4').
const golden =
  'k05VTVBZAQB2AHsnZGVzY3InOiAnPGY0JywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKDIsIDIpLCB9ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoAAMA/AAAAwAAAQEAAAIBA';

/** A file of a version and a literal, with the literal's length as claimed, and so many bytes of array. */
function fileOf(literal: string | Uint8Array, dataBytes: number, version = 1, claimed?: number): Uint8Array {
  const text = typeof literal === 'string' ? new TextEncoder().encode(literal) : literal;
  const offset = version === 1 ? 10 : 12;
  const bytes = new Uint8Array(offset + text.length + dataBytes);
  bytes.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, version, 0]);
  const view = new DataView(bytes.buffer);
  if (version === 1) view.setUint16(8, claimed ?? text.length, true);
  else view.setUint32(8, claimed ?? text.length, true);
  bytes.set(text, offset);
  return bytes;
}

const literal = (descr: string, order: string, shape: string) =>
  `{'descr': ${descr}, 'fortran_order': ${order}, 'shape': ${shape}, }\n`;

async function read(bytes: Uint8Array): Promise<{ shape: readonly number[]; values: number[] }> {
  const path = newPath();
  writeFileSync(path, bytes);
  const file = await NpyReader.open(path);
  try {
    const { dtype, elements, shape } = file.header;
    const out: NpyArray = new npyDtypes[dtype].array(elements);
    await file.readRange(0, out);
    return { shape, values: [...out] };
  } finally {
    await file.close();
  }
}

describe('reading', () => {
  it('reads what numpy writes, in three versions', async () => {
    const bytes = Buffer.from(golden, 'base64');
    expect(await read(bytes)).toEqual({ shape: [2, 2], values: [1.5, -2, 3, 4] });
    for (const version of [2, 3]) {
      const data = fileOf(bytes.subarray(10, 128), 16, version);
      data.set(bytes.subarray(128), 130);
      expect(await read(data)).toEqual({ shape: [2, 2], values: [1.5, -2, 3, 4] });
    }
  });

  it.each([
    ['in another order', `{"shape": (3,), "fortran_order": False, "descr": "|u1"}`, [3]],
    [
      'with spaces and without the last comma',
      `  { 'descr' :'|u1' ,'fortran_order': False,'shape':( 3 , 1 )}`,
      [3, 1],
    ],
    ['of a scalar', literal("'|u1'", 'False', '()'), []],
    ['of one dimension in Fortran order', literal("'|u1'", 'True', '(3,)'), [3]],
  ])('reads a header %s', async (_, header, shape) => {
    const elements = shape.reduce((a, b) => a * b, 1);
    expect(await read(fileOf(header, elements))).toEqual({ shape, values: new Array(elements).fill(0) });
  });

  it.each<[string, Uint8Array, RegExp]>([
    ['an empty file', new Uint8Array(), /does not begin with \\x93NUMPY/],
    ['another file', new TextEncoder().encode('PK\u0003\u0004 a zip file'), /does not begin with \\x93NUMPY/],
    [
      'a file of version 4',
      fileOf(literal("'<f4'", 'False', '(0, 2)'), 0, 4),
      /version is 4\.0 \(known: 1\.0, 2\.0, 3\.0\)/,
    ],
    ['a header longer than the file', fileOf('{', 0, 1, 500), /claims 500 bytes of the 1 that follow/],
    ['a header of 4 GB', fileOf('{', 0, 2, 2 ** 32 - 1), /claims 4294967295 bytes \(at most 10000\)/],
    [
      'a header that is cut off',
      fileOf(literal("'<f4'", 'False', '(0, 2)'), 0).subarray(0, 11),
      /that follow/,
    ],
    ['a header that is not UTF-8', fileOf(Uint8Array.of(0x7b, 0xff, 0x7d), 0), /not UTF-8/],
    ['a header that is a list', fileOf('[1, 2]', 0), /not a dictionary/],
    [
      'code',
      fileOf(`{'descr': __import__('os'), 'fortran_order': False, 'shape': (1,)}`, 0),
      /cannot be read from character 1/,
    ],
    [
      'a name twice',
      fileOf(`{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (0,)}`, 0),
      /'descr' twice/,
    ],
    [
      'a name too many',
      fileOf(`{'descr': '<f4', 'fortran_order': False, 'shape': (0,), 'x': 'y'}`, 0),
      /where 'descr, fortran_order, shape' belong/,
    ],
    ['no shape', fileOf(`{'descr': '<f4', 'fortran_order': False}`, 0), /has 'descr, fortran_order' where/],
    ['a number for a shape', fileOf(literal("'<f4'", 'False', '(3)'), 12), /shape is \(3\)/],
    ['a negative extent', fileOf(literal("'<f4'", 'False', '(-3, 2)'), 0), /cannot be read from character/],
    [
      'an extent beyond 2^53',
      fileOf(literal("'<f4'", 'False', '(99999999999999999999, 0)'), 0),
      /its shape is/,
    ],
    [
      'extents whose product is',
      fileOf(literal("'<f4'", 'False', '(4294967296, 4294967296)'), 0),
      /its shape is/,
    ],
    [
      'a huge shape of a small file',
      fileOf(literal("'<f4'", 'False', '(1000000000, 64)'), 64),
      /ends at byte 256000000080, the file at byte 144/,
    ],
    [
      'an array that is cut off',
      fileOf(literal("'<f4'", 'False', '(3, 2)'), 23),
      /ends at byte 94, the file at byte 93/,
    ],
    [
      'bytes after the array',
      fileOf(literal("'<f4'", 'False', '(3, 2)'), 25),
      /ends at byte 94, the file at byte 95/,
    ],
    ['a truth value for a type', fileOf(literal('True', 'False', '(3, 2)'), 24), /elements of type True/],
    ['a string for the order', fileOf(literal("'<f4'", "'C'", '(3, 2)'), 24), /fortran_order is 'C'/],
    ['Fortran order', fileOf(literal("'<f4'", 'True', '(3, 2)'), 24), /in Fortran order/],
    [
      'big endian',
      fileOf(literal("'>f4'", 'False', '(3, 2)'), 24),
      /is big-endian \(>f4\); known are <f4 \(float32\), <f2 \(float16\) and \|u1 \(uint8\)\./,
    ],
    ['float64', fileOf(literal("'<f8'", 'False', '(3, 2)'), 48), /elements of type <f8/],
    ['objects', fileOf(literal("'|O'", 'False', '(1,)'), 8), /elements of type \|O/],
    [
      'records',
      fileOf(literal("[('a', '<f4'), ('b', '<i4')]", 'False', '(1,)'), 8),
      /elements of type \[\('a', '<f4'\)/,
    ],
  ])('refuses %s', async (_, bytes, message) => {
    const before = process.memoryUsage().arrayBuffers;
    const error = await read(bytes).catch((thrown) => thrown);
    expect(error).toBeInstanceOf(UserError);
    expect(error.message).toMatch(message);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1e6);
  });

  it('refuses a missing file, a range outside, another type, and an array cut off after opening', async () => {
    await expect(NpyReader.open(join(folder, 'none.npy'))).rejects.toThrow(/cannot be opened: ENOENT/);
    const path = newPath();
    writeFileSync(path, Buffer.from(golden, 'base64'));
    const file = await NpyReader.open(path);
    await expect(file.readRange(0, new Uint8Array(4))).rejects.toThrow(
      /is <f4: it cannot be read as Uint8Array/,
    );
    for (const [first, length] of [
      [0, 5],
      [4, 1],
      [-1, 1],
      [0.5, 1],
    ]) {
      await expect(file.readRange(first, new Float32Array(length))).rejects.toThrow(/\(elements 0 to 3\)/);
    }
    truncateSync(path, 140);
    await expect(file.readRange(0, new Float32Array(4))).rejects.toThrow(/it ends at byte 140/);
    await file.close();
  });
});

describe('writing', () => {
  it('writes the bytes that numpy writes', async () => {
    const path = newPath();
    const file = await NpyWriter.create(path, '<f4', [2, 2]);
    await file.write(Float32Array.of(1.5, -2, 3));
    await file.write(Float32Array.of(4));
    await file.finish();
    expect(readFileSync(path).toString('base64')).toBe(golden);
  });

  it('is the inverse of reading, in any chunks', async () => {
    const shapes = fc.array(fc.nat(5), { maxLength: 4 });
    const dtype = fc.constantFrom(...(Object.keys(npyDtypes) as NpyDtype[]));
    await fc.assert(
      fc.asyncProperty(
        shapes,
        dtype,
        fc.nat(255),
        fc.integer({ min: 1, max: 7 }),
        async (shape, type, seed, chunk) => {
          const elements = shape.reduce((a, b) => a * b, 1);
          const data = Uint8Array.from(
            { length: elements * npyDtypes[type].bytes },
            (_, i) => (seed + 7 * i) & 0x7b,
          );
          const array: NpyArray = new npyDtypes[type].array(data.buffer);
          const path = newPath();
          const file = await NpyWriter.create(path, type, shape);
          for (let at = 0; at < elements; at += chunk) await file.write(array.subarray(at, at + chunk));
          await file.finish();
          expect(readFileSync(path).length % 64).toBe(data.length % 64);
          expect(await read(readFileSync(path))).toEqual({ shape, values: [...array] });
        },
      ),
      { numRuns: 50 },
    );
  });

  it('leaves nothing behind when it is not complete', async () => {
    const path = newPath();
    const file = await NpyWriter.create(path, '|u1', [2, 2]);
    await file.write(new Uint8Array(3));
    await expect(file.write(new Float32Array(1))).rejects.toThrow(
      'The array is |u1: it cannot take Float32Array.',
    );
    await expect(file.write(new Uint8Array(2))).rejects.toThrow('The array has 4 elements, not 5.');
    await expect(file.finish()).rejects.toThrow('The array was given 3 of its 4 elements.');
    expect(existsSync(path)).toBe(false);
    expect(readdirSync(folder).filter((name) => name.endsWith('.partial'))).toEqual([]);
    await expect(NpyWriter.create(path, '|u1', [-1])).rejects.toThrow('An array cannot have the shape (-1).');
    await expect(NpyWriter.create(join(folder, 'no', 'x'), '|u1', [1])).rejects.toThrow(
      /cannot be written: ENOENT/,
    );
  });
});
