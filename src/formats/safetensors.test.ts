import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { UserError } from '../errors.js';
import { type Dtype, dtypes, type TensorSpec } from './safetensors.js';
import { SafetensorsReader, type TensorArray } from './safetensors-reader.js';
import { SafetensorsWriter } from './safetensors-writer.js';

const folder = mkdtempSync(join(tmpdir(), 'bitrow-'));
afterAll(() => rmSync(folder, { recursive: true }));
let files = 0;
const newPath = (): string => join(folder, `${files++}.safetensors`);

// safetensors 0.8.0 in Python:
//   save({'a': np.array([[1.5, -2], [3, 4]], np.float32), 'codes': np.array([1, 2, 255], np.uint8),
//         'count': np.array([-5], np.int64), 'none': np.zeros((0, 3), np.float64)}, metadata={'made': 'by é'})
const golden =
  'CAEAAAAAAAB7Il9fbWV0YWRhdGFfXyI6eyJtYWRlIjoiYnkgw6kifSwiY291bnQiOnsiZHR5cGUiOiJJNjQiLCJzaGFwZSI6WzFdLCJkYXRhX29mZnNldHMiOlswLDhdfSwibm9uZSI6eyJkdHlwZSI6IkY2NCIsInNoYXBlIjpbMCwzXSwiZGF0YV9vZmZzZXRzIjpbOCw4XX0sImEiOnsiZHR5cGUiOiJGMzIiLCJzaGFwZSI6WzIsMl0sImRhdGFfb2Zmc2V0cyI6WzgsMjRdfSwiY29kZXMiOnsiZHR5cGUiOiJVOCIsInNoYXBlIjpbM10sImRhdGFfb2Zmc2V0cyI6WzI0LDI3XX19ICD7/////////wAAwD8AAADAAABAQAAAgEABAv8=';

const opened: SafetensorsReader[] = [];
afterEach(async () => {
  for (const reader of opened.splice(0)) await reader.close();
});

async function openPath(path: string): Promise<SafetensorsReader> {
  const reader = await SafetensorsReader.open(path);
  opened.push(reader);
  return reader;
}

/** Opens bytes as a file. */
async function openBytes(bytes: Uint8Array): Promise<SafetensorsReader> {
  const path = newPath();
  writeFileSync(path, bytes);
  return openPath(path);
}

/** A file of this header and this many bytes of tensors, with the header's length as claimed. */
function fileOf(header: string | Uint8Array, dataBytes: number, claimed?: bigint): Uint8Array {
  const json = typeof header === 'string' ? new TextEncoder().encode(header) : header;
  const bytes = new Uint8Array(8 + json.length + dataBytes);
  new DataView(bytes.buffer).setBigUint64(0, claimed ?? BigInt(json.length), true);
  bytes.set(json, 8);
  return bytes;
}

interface Case {
  readonly spec: TensorSpec;
  readonly bytes: Uint8Array;
}

const tensor = (name: string): fc.Arbitrary<Case> =>
  fc
    .record({
      dtype: fc.constantFrom(...(Object.keys(dtypes) as Dtype[])),
      shape: fc.array(fc.nat(4), { maxLength: 3 }),
    })
    .chain(({ dtype, shape }) => {
      const length = shape.reduce((product, extent) => product * extent, 1) * dtypes[dtype].bytes;
      return fc.record({
        spec: fc.constant({ name, dtype, shape }),
        bytes: fc.uint8Array({ minLength: length, maxLength: length }),
      });
    });
const cases = fc
  .uniqueArray(fc.oneof(fc.string({ unit: 'grapheme' }), fc.constantFrom('7', '__proto__', 'a "b" \\')), {
    maxLength: 6,
  })
  .chain((names) => fc.tuple(...names.map(tensor)));

function bytesOf(data: TensorArray): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

function arrayOf({ spec, bytes }: Case): TensorArray {
  return new dtypes[spec.dtype].array(bytes.slice().buffer);
}

describe('safetensors', () => {
  it('comes back as written, from chunks, in parts and whole', async () => {
    const metadata = fc.dictionary(fc.string(), fc.string());
    await fc.assert(
      fc.asyncProperty(cases, metadata, fc.integer({ min: 1, max: 20 }), async (tensors, metadata, step) => {
        const path = newPath();
        const writer = await SafetensorsWriter.create(
          path,
          tensors.map(({ spec }) => spec),
          metadata,
        );
        for (const one of tensors) {
          const data = arrayOf(one);
          for (let at = 0; at < data.length; at += step) {
            await writer.write(one.spec.name, data.subarray(at, at + step));
          }
        }
        await writer.finish();

        const reader = await openPath(path);
        expect(reader.metadata).toEqual(metadata);
        expect([...reader.tensors.keys()].sort()).toEqual(tensors.map(({ spec }) => spec.name).sort());
        for (const one of tensors) {
          const { name, dtype, shape } = one.spec;
          const read = await reader.readTensor(name);
          expect(read).toMatchObject({ dtype, shape });
          expect(bytesOf(read.data)).toEqual(one.bytes);
          expect(reader.entry(name).fileOffset % dtypes[dtype].bytes).toBe(0);
          const all = arrayOf(one);
          const part = new dtypes[dtype].array(all.length - Math.floor(all.length / 3));
          await reader.readRange(name, Math.floor(all.length / 3), part);
          expect(part).toEqual(all.slice(Math.floor(all.length / 3)));
        }
      }),
    );
  });

  it('reads what the reference implementation wrote', async () => {
    const reader = await openBytes(Buffer.from(golden, 'base64'));
    expect(reader.metadata).toEqual({ made: 'by é' });
    expect(await reader.readTensor('a')).toEqual({
      dtype: 'F32',
      shape: [2, 2],
      data: new Float32Array([1.5, -2, 3, 4]),
    });
    expect(await reader.readTensor('codes')).toEqual({
      dtype: 'U8',
      shape: [3],
      data: new Uint8Array([1, 2, 255]),
    });
    expect(await reader.readTensor('count')).toEqual({
      dtype: 'I64',
      shape: [1],
      data: new BigInt64Array([-5n]),
    });
    expect(await reader.readTensor('none')).toEqual({
      dtype: 'F64',
      shape: [0, 3],
      data: new Float64Array(0),
    });
  });

  it('writes what the reference implementation wrote', async () => {
    const path = newPath();
    const specs: TensorSpec[] = [
      { name: 'count', dtype: 'I64', shape: [1] },
      { name: 'none', dtype: 'F64', shape: [0, 3] },
      { name: 'a', dtype: 'F32', shape: [2, 2] },
      { name: 'codes', dtype: 'U8', shape: [3] },
    ];
    const writer = await SafetensorsWriter.create(path, specs, { made: 'by é' });
    await Promise.all([
      writer.write('codes', new Uint8Array([1, 2])),
      writer.write('a', new Float32Array([1.5, -2, 3, 4])),
      writer.write('codes', new Uint8Array([255])),
      writer.write('count', new BigInt64Array([-5n])),
    ]);
    await writer.finish();
    expect(readFileSync(path).toString('base64')).toBe(golden);
  });

  it('reads and writes shared memory, beyond 4 GB', async () => {
    // A hole takes no disk: only the ends are written.
    const path = newPath();
    const header = JSON.stringify({
      big: { dtype: 'F32', shape: [2 ** 30 + 2], data_offsets: [0, 2 ** 32 + 8] },
    });
    writeFileSync(path, fileOf(header, 0));
    truncateSync(path, 8 + header.length + 2 ** 32 + 8);
    const file = await open(path, 'r+');
    await file.write(new Float32Array([7, 8]), 0, 8, 8 + header.length + 2 ** 32);
    await file.close();
    const reader = await openPath(path);
    const shared = new Float32Array(new SharedArrayBuffer(12));
    await reader.readRange('big', 2 ** 30 - 1, shared);
    expect([...shared]).toEqual([0, 7, 8]);

    const small = newPath();
    const writer = await SafetensorsWriter.create(small, [{ name: 'x', dtype: 'F32', shape: [3] }]);
    await writer.write('x', shared);
    await writer.finish();
    expect((await (await openBytes(readFileSync(small))).readTensor('x')).data).toEqual(
      new Float32Array([0, 7, 8]),
    );
  });
});

describe('the reader refuses', () => {
  const sentence = async (bytes: Uint8Array): Promise<string> => {
    const error = await openBytes(bytes).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(UserError);
    return error instanceof Error ? error.message.replace(/^.* is not a whole safetensors file: /, '') : '';
  };
  const one = (fields: object): string =>
    JSON.stringify({ x: { dtype: 'U8', shape: [4], data_offsets: [0, 4], ...fields } });

  it('every truncation, at opening', async () => {
    const whole = Buffer.from(golden, 'base64');
    await expect(openBytes(whole)).resolves.toBeDefined();
    for (let length = 0; length < whole.length; length++) await sentence(whole.subarray(0, length));
    expect(await sentence(whole.subarray(0, 5))).toBe('it has 5 bytes; the length of its header needs 8.');
    expect(await sentence(Buffer.concat([whole, new Uint8Array(1)]))).toBe(
      'its tensors end at byte 299, the file at byte 300.',
    );
  });

  it.each([
    ['a length beyond the file', fileOf('{}', 0, 3n), 'its header claims 3 bytes of the 2 that follow.'],
    [
      'a monstrous length',
      fileOf('{}', 0, 2n ** 63n),
      /claims 9223372036854775808 bytes \(at most 100000000\)/,
    ],
    ['no JSON', fileOf('{"x"', 0), 'its header is not JSON.'],
    ['no object', fileOf('[]', 0), 'its header is not a JSON object.'],
    ['a space first', fileOf(' {}', 0), 'its header is not a JSON object.'],
    [
      'no UTF-8',
      fileOf(new Uint8Array([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]), 0),
      'its header is not UTF-8.',
    ],
    ['a byte order mark', fileOf('\ufeff{}', 0), 'its header is not JSON.'],
    [
      'a name twice',
      fileOf(`${one({}).slice(0, -1)},${one({}).slice(1)}`, 4),
      "its header has the name 'x' twice.",
    ],
    [
      'a key twice',
      fileOf(one({}).replace('{"dtype"', '{"dtype":"F32","dtype"'), 4),
      /the name 'dtype' twice/,
    ],
    ['a bad dtype', fileOf(one({ dtype: 'U9' }), 4), /^tensor 'x' has dtype 'U9' \(known: BOOL, U8, /],
    ['a dtype of Object', fileOf(one({ dtype: 'toString' }), 4), /^tensor 'x' has dtype 'toString'/],
    ['a missing key', fileOf(one({ shape: undefined }), 4), /^tensor 'x' has 'data_offsets, dtype' where/],
    [
      'a key too many',
      fileOf(one({ stride: 1 }), 4),
      /^tensor 'x' has 'data_offsets, dtype, shape, stride' where/,
    ],
    ['a negative extent', fileOf(one({ shape: [-4] }), 4), "tensor 'x' has the shape [-4]."],
    [
      'a shape too large',
      fileOf(one({ shape: [2 ** 40, 2 ** 40] }), 4),
      /^tensor 'x' has the shape \[1099511627776,/,
    ],
    ['a shape of another size', fileOf(one({ shape: [5] }), 4), "tensor 'x' is U8 [5], 5 bytes, but has 4."],
    [
      'a width of another size',
      fileOf(one({ dtype: 'F32' }), 4),
      "tensor 'x' is F32 [4], 16 bytes, but has 4.",
    ],
    [
      'offsets turned round',
      fileOf(one({ data_offsets: [4, 0] }), 4),
      "tensor 'x' is U8 [4], 4 bytes, but has -4.",
    ],
    ['offsets that are none', fileOf(one({ data_offsets: [0, 4, 8] }), 4), "tensor 'x' lies at [0,4,8]."],
    ['offsets that are text', fileOf(one({ data_offsets: ['0', 4] }), 4), 'tensor \'x\' lies at ["0",4].'],
    [
      'a hole at the beginning',
      fileOf(one({ data_offsets: [1, 5] }), 5),
      "1 bytes before tensor 'x' belong to none.",
    ],
    ['an end beyond the file', fileOf(one({}), 3), /^its tensors end at byte \d+, the file at byte \d+/],
    ['bytes after the end', fileOf(one({}), 5), /^its tensors end at byte \d+, the file at byte \d+/],
    ['metadata that is no map', fileOf('{"__metadata__":[]}', 0), 'its metadata is not a map.'],
    ['metadata that is no text', fileOf('{"__metadata__":{"a":1}}', 0), "its metadata 'a' is not a string."],
  ])('%s', async (_, bytes, expected) => {
    const message = await sentence(bytes);
    if (typeof expected === 'string') expect(message).toBe(expected);
    else expect(message).toMatch(expected);
  });

  it('overlap and holes between tensors', async () => {
    const two = (begin: number, end: number): string =>
      JSON.stringify({
        y: { dtype: 'U8', shape: [end - begin], data_offsets: [begin, end] },
        x: { dtype: 'U8', shape: [4], data_offsets: [0, 4] },
      });
    await expect(openBytes(fileOf(two(4, 6), 6))).resolves.toBeDefined();
    expect(await sentence(fileOf(two(3, 6), 6))).toBe("tensor 'y' overlaps the one before it.");
    expect(await sentence(fileOf(two(0, 4), 4))).toMatch(/^tensor '.' overlaps the one before it\.$/);
    expect(await sentence(fileOf(two(5, 6), 6))).toBe("1 bytes before tensor 'y' belong to none.");
  });

  it('what is not there, and what does not fit', async () => {
    await expect(SafetensorsReader.open(newPath())).rejects.toThrow(/cannot be opened: ENOENT/);
    const reader = await openBytes(fileOf(one({}), 4));
    await expect(reader.readTensor('z')).rejects.toThrow("Unknown tensor 'z' (known: x).");
    await expect(reader.readRange('x', 0, new Int8Array(1))).rejects.toThrow(
      "Tensor 'x' is U8: it cannot be read as Int8Array.",
    );
    for (const [first, length] of [
      [0, 5],
      [4, 1],
      [-1, 1],
      [0.5, 1],
    ]) {
      await expect(reader.readRange('x', first, new Uint8Array(length))).rejects.toThrow(
        /are outside tensor 'x' \(elements 0 to 3\)/,
      );
    }
  });

  it('a tensor that was cut off after opening', async () => {
    const path = newPath();
    writeFileSync(path, fileOf(one({}), 4));
    const reader = await openPath(path);
    truncateSync(path, readFileSync(path).length - 2);
    await expect(reader.readTensor('x')).rejects.toThrow(/it ends at byte \d+/);
  });
});

describe('the writer', () => {
  const spec: TensorSpec = { name: 'x', dtype: 'U8', shape: [4] };

  it('gives the file its name only when it is whole', async () => {
    const path = newPath();
    writeFileSync(path, 'before');
    const writer = await SafetensorsWriter.create(path, [spec]);
    await writer.write('x', new Uint8Array(3));
    expect(readFileSync(path, 'utf8')).toBe('before');
    await expect(writer.finish()).rejects.toThrow("Tensor 'x' was given 3 of its 4 elements.");
    expect(readFileSync(path, 'utf8')).toBe('before');
    const again = await SafetensorsWriter.create(path, [spec]);
    await again.abandon();
    expect(readFileSync(path, 'utf8')).toBe('before');
    expect(readdirSync(folder).filter((name) => name.endsWith('.partial'))).toEqual([]);
    const last = await SafetensorsWriter.create(path, [spec]);
    await last.write('x', new Uint8Array(4));
    await last.finish();
    expect(existsSync(`${path}.partial`)).toBe(false);
    expect(readFileSync(path).subarray(-4)).toEqual(Buffer.alloc(4));
  });

  it('refuses what does not belong', async () => {
    const path = newPath();
    const create = (specs: TensorSpec[]): Promise<SafetensorsWriter> => SafetensorsWriter.create(path, specs);
    await expect(create([spec, spec])).rejects.toThrow("Tensor name 'x' is taken.");
    await expect(create([{ ...spec, name: '__metadata__' }])).rejects.toThrow(
      "Tensor name '__metadata__' is taken.",
    );
    await expect(create([{ ...spec, shape: [1.5] }])).rejects.toThrow(
      "Tensor 'x' cannot have the shape [1.5].",
    );
    await expect(SafetensorsWriter.create(join(folder, 'no', 'x'), [spec])).rejects.toThrow(
      /cannot be written: ENOENT/,
    );
    const writer = await create([spec]);
    await expect(writer.write('y', new Uint8Array(1))).rejects.toThrow("Unknown tensor 'y' (known: x).");
    await expect(writer.write('x', new Int8Array(1))).rejects.toThrow(
      "Tensor 'x' is U8: it cannot take Int8Array.",
    );
    await expect(writer.write('x', new Uint8Array(5))).rejects.toThrow("Tensor 'x' has 4 elements, not 5.");
    await writer.abandon();
  });
});
