// The readers of files that come from elsewhere, bundles among them, and what must hold of whatever they are given: it is read whole, or refused with
// a sentence that names the file; nothing of a size that the file only claims is allocated.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { UserError } from '../../src/errors.js';
import { npyDtypes } from '../../src/formats/npy.js';
import { NpyReader } from '../../src/formats/npy-reader.js';
import { dtypes } from '../../src/formats/safetensors.js';
import { SafetensorsReader } from '../../src/formats/safetensors-reader.js';
import { VocabularyIndex } from '../../src/formats/vocabulary-index.js';
import { decodeBundle } from '../../src/scoring/bundle/bundle-file.js';
import { checkBundle } from '../../src/scoring/bundle/check-bundle.js';
import { loadFile } from '../../src/scoring/bundle/load-file.js';
import type { HeaderFormat } from './mutate.js';

/** A format with its reader. */
export interface FuzzedReader extends HeaderFormat {
  extension: string;
  /** Opens a file and reads all of it. Gives the bytes that its header accounts for. */
  read(path: string): Promise<number>;
}

export const fuzzedReaders = {
  npy: {
    extension: '.npy',
    tokens: [
      ...[
        "'descr'",
        "'fortran_order'",
        "'shape'",
        "'<f4'",
        "'>f4'",
        "'|O'",
        'True',
        'False',
        '(',
        ')',
        '{',
        '}',
      ],
      ...[',', ': ', '(3, 2)', '(3,)', '()', "[('a', '<f4')]", '\n', '\u0093NUMPY'],
    ],
    repairLength(bytes) {
      const offset = bytes[6] === 1 ? 10 : 12;
      const end = bytes.indexOf(0x7d) + 1;
      if (end === 0 || bytes.length < 12) return;
      const view = new DataView(bytes.buffer);
      if (offset === 10) view.setUint16(8, Math.max(0, end - offset), true);
      else view.setUint32(8, Math.max(0, end - offset), true);
    },
    async read(path) {
      const file = await NpyReader.open(path);
      try {
        const { dtype, elements, dataOffset } = file.header;
        const { array, bytes } = npyDtypes[dtype];
        await file.readRange(0, new array(elements));
        return dataOffset + elements * bytes;
      } finally {
        await file.close();
      }
    },
  },
  safetensors: {
    extension: '.safetensors',
    tokens: [
      ...[
        '{',
        '}',
        '[',
        ']',
        '":',
        ',',
        '"dtype"',
        '"shape"',
        '"data_offsets"',
        '"F32"',
        '"U8"',
        '"F8"',
        '"x"',
      ],
      ...['"__metadata__"', '"__proto__"', '[2,2]', '[0,4]', '[4,0]', 'null', 'true', '"\\ud800"'],
    ],
    repairLength(bytes) {
      const end = bytes.lastIndexOf(0x7d) + 1;
      if (end < 8) return;
      new DataView(bytes.buffer).setBigUint64(0, BigInt(end - 8), true);
    },
    async read(path) {
      const file = await SafetensorsReader.open(path);
      try {
        let first = Number.POSITIVE_INFINITY;
        let sum = 0;
        for (const { name, fileOffset, sizeBytes, dtype, elements } of file.tensors.values()) {
          const { data } = await file.readTensor(name);
          if (data.byteLength !== elements * dtypes[dtype].bytes)
            throw new Error(`'${name}' is not as long as it is`);
          first = Math.min(first, fileOffset);
          sum += sizeBytes;
        }
        return file.tensors.size === 0 ? readFileSync(path).length : first + sum;
      } finally {
        await file.close();
      }
    },
  },
  bundle: {
    extension: '.bundle',
    tokens: [
      ...[
        '{',
        '}',
        '[',
        ']',
        '":',
        ',',
        'null',
        'true',
        '-1',
        '1e9',
        '"../x"',
        '"__proto__":{},',
        '"rows":3,',
      ],
      ...[
        '"kind":"values"',
        '"kind":"steps"',
        '"bits":2,',
        '"group":1,',
        '"first":0,',
        '"dim":1,',
        '"files"',
      ],
    ],
    // The checksum, without which nothing behind it is looked at.
    repairLength(bytes) {
      const text = Buffer.from(bytes).toString('latin1');
      const at = /"sha256": ?"[0-9a-f]{64}"/.exec(text);
      if (!at) return;
      const digits = at.index + at[0].length - 65;
      bytes.fill(0x30, digits, digits + 64);
      // Of the text as it is read.
      const sum = createHash('sha256').update(Buffer.from(bytes).toString('utf8')).digest('hex');
      bytes.set(Buffer.from(sum), digits);
    },
    async read(path) {
      const bytes = readFileSync(path);
      checkBundle(decodeBundle(bytes.toString('utf8'), path), path);
      return bytes.length;
    },
  },
  index: {
    extension: '.index',
    tokens: [
      '\u0001\u0000\u0000\u0000',
      '\u0002\u0000\u0000\u0000',
      '\u0000\u0000\u0000\u0000',
      'bitrowvi',
      'a',
    ],
    // The checksum, as of a file that was made like this.
    repairLength(bytes) {
      if (bytes.length < 32) return;
      const words = new Uint32Array(bytes.slice(0, bytes.length & ~3).buffer);
      let sum = 0;
      for (let i = 4; i < words.length; i++) {
        sum = Math.imul(sum ^ words[i], 0x85ebca6b);
        sum ^= sum >>> 13;
      }
      new DataView(bytes.buffer).setUint32(12, sum >>> 0, true);
    },
    async read(path) {
      const bytes = readFileSync(path);
      const sha256 = createHash('sha256').update(bytes).digest('hex');
      const loaded = loadFile({ path, bytes: bytes.length, sha256, content: { kind: 'index', name: 'v' } });
      if (!loaded) throw new Error('no index');
      const index = VocabularyIndex.ofChecked(loaded.parts);
      // Whatever is looked up is an id of the vocabulary.
      for (const value of ['a', '', null, 'i1', 'é'.repeat(400)]) {
        const id = index.idOf(value);
        if (!(id >= 0 && id < index.size)) throw new Error(`'${value}' has the id ${id} of ${index.size}`);
      }
      return bytes.length;
    },
  },
} as const satisfies Record<string, FuzzedReader>;
export type FuzzedFormat = keyof typeof fuzzedReaders;
export const fuzzedFormats = Object.keys(fuzzedReaders) as FuzzedFormat[];

/** What an opening may take beside the bytes that the file has. */
const ALLOWANCE_BYTES = 2 ** 20;

/**
 * Gives bytes to a reader.
 *
 * @returns the refusal, without names and numbers; undefined where the file was read
 * @throws Error that says what did not hold
 */
export async function refusalOf(
  format: FuzzedFormat,
  path: string,
  bytes: Uint8Array,
): Promise<string | undefined> {
  writeFileSync(path, bytes);
  const before = process.memoryUsage().arrayBuffers;
  const outcome = await fuzzedReaders[format].read(path).catch((error: unknown) => {
    if (error instanceof UserError) return error.message;
    throw error;
  });
  const taken = process.memoryUsage().arrayBuffers - before;
  if (taken > 3 * bytes.length + ALLOWANCE_BYTES)
    throw new Error(`${taken} bytes allocated for ${bytes.length}`);
  if (outcome === bytes.length) return undefined;
  if (typeof outcome === 'number') throw new Error(`${outcome} of ${bytes.length} bytes are accounted for`);
  if (!outcome.includes(path)) throw new Error(`no file in '${outcome}'`);
  return (
    outcome
      .replaceAll(path, '')
      .replace(/of type .*; known/, 'of type; known')
      // Which part of bundle.json has a wrong type or key is one reason.
      .replace(/damaged: [^:]*: (Unrecognized|Invalid|Too).*/, '$1')
      .replace(/'[^']*'|\([^)]*\)|\[[^\]]*\]|[\d.]+/g, ' ')
      .replace(/\s+/g, ' ')
      .trim()
  );
}

/** Where the saved files are: `read` and `refused` of each format. */
export const corpus = fileURLToPath(new URL('../../../test/corpus', import.meta.url));

/** Saved files of a format, those that are read and those that are refused. */
export function savedFiles(format: FuzzedFormat): { name: string; isRead: boolean; bytes: Uint8Array }[] {
  return (['read', 'refused'] as const).flatMap((verdict) =>
    readdirSync(join(corpus, format, verdict))
      .sort()
      .map((name) => ({
        name,
        isRead: verdict === 'read',
        bytes: readFileSync(join(corpus, format, verdict, name)),
      })),
  );
}
