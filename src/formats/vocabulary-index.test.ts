import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { VocabularyIndex } from './vocabulary-index.js';
import { VocabularyIndexBuilder } from './vocabulary-index-builder.js';
import { readVocabularyIndex, writeVocabularyIndex } from './vocabulary-index-file.js';
import { VocabularyKeys } from './vocabulary-keys.js';

const folder = mkdtempSync(join(tmpdir(), 'bitrow-index-'));
afterAll(() => rmSync(folder, { recursive: true }));
const path = join(folder, 'v.index');

function build(values: readonly (string | null)[]): VocabularyIndexBuilder {
  const textBytes = values.reduce((sum, value) => sum + Buffer.byteLength(value ?? ''), 0);
  const builder = new VocabularyIndexBuilder(values.length, textBytes);
  for (const value of values) builder.add(value);
  return builder;
}

const value = fc.oneof(
  fc.string({ minLength: 1, unit: 'binary' }),
  fc.string({ minLength: 1, maxLength: 3, unit: fc.constantFrom('a', 'b', '\0', 'é') }),
  fc.constant(null),
);

test('every value has its id, and no other value has one', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uniqueArray(value, { maxLength: 300 }), fc.array(value), async (values, others) => {
      const sha256 = await writeVocabularyIndex(path, build(values));
      const truth = new Map(values.map((v, i) => [v, i + 1]));
      const fromBytes = VocabularyIndex.fromBytes(readFileSync(path));
      // Bytes that begin anywhere.
      const moved = new Uint8Array(fromBytes.bytes + 1);
      moved.set(readFileSync(path), 1);
      for (const index of [
        await readVocabularyIndex(path, sha256),
        fromBytes,
        VocabularyIndex.fromBytes(moved.subarray(1)),
      ]) {
        expect(index.size).toBe(values.length + 1);
        for (const v of [...values, ...others, null]) expect(index.idOf(v)).toBe(truth.get(v) ?? 0);
      }
    }),
    { numRuns: 50 },
  );
});

/** Looks all values up together, each given in two pieces. */
function idsOf(index: VocabularyIndex, values: readonly (string | null)[], first: number): number[] {
  const keys = new VocabularyKeys(first + values.length);
  for (const [i, v] of values.entries()) {
    const bytes = Buffer.from(v ?? '');
    keys.append(bytes, 0, bytes.length >> 1);
    keys.append(bytes, bytes.length >> 1, bytes.length);
    keys.finish(first + i);
  }
  const ids = new Uint32Array(first + values.length).fill(7);
  index.idsOf(keys, first, values.length, ids);
  expect([...ids.subarray(0, first)]).toEqual(Array(first).fill(7));
  return [...ids.subarray(first)];
}

test('many values have the ids of each', () => {
  // Few and short, so that the vocabulary is dense and values fall on each other.
  const some = fc.array(fc.oneof(value, fc.nat(40).map(String)), { maxLength: 200 });
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.oneof(value, fc.nat(40).map(String))),
      some,
      fc.nat(5),
      (values, asked, first) => {
        const { header, parts } = build(values).finish();
        const index = VocabularyIndex.fromParts(parts, new Uint32Array(header.buffer)[3], 'x');
        expect(idsOf(index, asked, first)).toEqual(asked.map((v) => index.idOf(v)));
      },
    ),
  );
});

test('keys of crosses have their parts escaped', () => {
  const keys = new VocabularyKeys(1);
  const parts = [Buffer.from('a|b'), Buffer.from(''), Buffer.from('\\')];
  for (const [i, part] of parts.entries()) {
    if (i > 0) keys.appendBar();
    keys.appendEscaped(part, 0, part.length);
  }
  keys.finish(0);
  const [start, length] = [keys.starts[0], keys.lengths[0]];
  expect(Buffer.from(keys.bytes.subarray(start, start + length)).toString()).toBe('a\\|b||\\\\');
});

test('values whose hashes fall on each other are told apart', () => {
  const values = Array.from({ length: 50_000 }, (_, i) => `value ${i}`);
  const { header, parts } = build(values).finish();
  const checksum = new Uint32Array(header.buffer)[3];
  const index = VocabularyIndex.fromParts(parts, checksum, 'x');
  values.forEach((v, i) => {
    if (index.idOf(v) !== i + 1) expect.fail(`${v} has id ${index.idOf(v)}`);
    if (index.idOf(`${v} `) !== 0) expect.fail(`'${v} ' is taken for a value`);
  });
});

test('a long text, a value that comes twice, and wrong announcements', () => {
  const long = 'ä'.repeat(5000);
  const { header, parts } = build([long, 'a']).finish();
  const index = VocabularyIndex.fromParts(parts, new Uint32Array(header.buffer)[3], 'x');
  expect([index.idOf(long), index.idOf(long.slice(1)), index.idOf('a')]).toEqual([1, 0, 2]);
  expect(() => build(['a', 'a'])).toThrow("value 'a' came twice");
  expect(() => new VocabularyIndexBuilder(1, 1).finish()).toThrow('0 of 1 values came');
  expect(() => new VocabularyIndexBuilder(2 ** 29 + 1, 1)).toThrow(
    'too large to index (at most 536870912 values',
  );
});

test('every damaged byte, and every length, is a sentence', async () => {
  await writeVocabularyIndex(path, build(['a', null, 'bc', 'é']));
  const whole = readFileSync(path);
  const expected =
    /^Vocabulary index '.*' (is damaged: .*|is no vocabulary index|has version \d+, this bitrow .*)\.$/;
  for (let at = 0; at < whole.length; at++) {
    const broken = Uint8Array.from(whole);
    broken[at] ^= 0x40;
    writeFileSync(path, broken);
    await expect(readVocabularyIndex(path), `byte ${at}`).rejects.toThrow(expected);
    writeFileSync(path, whole.subarray(0, at));
    await expect(readVocabularyIndex(path), `length ${at}`).rejects.toThrow(expected);
  }
  writeFileSync(path, Buffer.concat([whole, Buffer.of(0)]));
  await expect(readVocabularyIndex(path)).rejects.toThrow(/has 93 bytes where its header makes 92/);
  writeFileSync(path, whole);
  await expect(readVocabularyIndex(path, '00')).rejects.toThrow('its SHA-256 is another');
  await expect(readVocabularyIndex(join(folder, 'none'))).rejects.toThrow('cannot be read: ENOENT');
});

test('the bytes are these', () => {
  // By hand: header, 4 slots (hashes put 'b' and 'a' where they are), 3 offsets, text padded to 4.
  const { header, parts } = build(['b', 'a']).finish();
  expect(Buffer.from(header).toString('latin1', 0, 8)).toBe('bitrowvi');
  expect([...new Uint32Array(header.buffer).subarray(4)]).toEqual([2, 0, 4, 2]);
  expect([...parts.slots].sort()).toEqual([0, 0, 1, 2]);
  expect([[...parts.offsets], [...parts.text]]).toEqual([
    [0, 1, 2],
    [98, 97, 0, 0],
  ]);
});
