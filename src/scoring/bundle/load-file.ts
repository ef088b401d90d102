// Reads one file of a bundle to where it belongs, and hashes it on the way: every byte is read once. Sizes are checked
// before: what is allocated is as large as a file that is there. Blocks its thread (load-worker.ts).
import { createHash, type Hash } from 'node:crypto';
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { UserError } from '../../errors.js';
import {
  type Dtype,
  decodeHeader,
  dtypes,
  headerLength,
  type TensorEntry,
} from '../../formats/safetensors.js';
import { VocabularyIndex } from '../../formats/vocabulary-index.js';
import {
  decodeHeader as decodeIndexHeader,
  HEADER_BYTES,
  type IndexParts,
  paddedBytes,
} from '../../formats/vocabulary-index-layout.js';
import type { SharedMemory } from '../../kernels/shared-memory.js';

/** A tensor that a file must have, and where its bytes go. */
export interface LoadedArray {
  name: string;
  dtype: Dtype;
  shape: readonly number[];
  memory: SharedMemory;
  address: number;
  /** Its elements must be below it: they say where others are. */
  below?: number | undefined;
}

/** A file of a bundle, as bundle.json describes it. */
export interface LoadedFile {
  path: string;
  bytes: number;
  sha256: string;
  content: { kind: 'table'; arrays: LoadedArray[] } | { kind: 'index'; name: string };
}

/** What became of a file: a table's rows are where they belong, an index is here. */
export type LoadedContent = { name: string; parts: IndexParts } | null;

/** Bytes that are read at a time: they are still in the cache when they are hashed. */
const BLOCK_BYTES = 1 << 20;

/** A file that is read from its beginning to its end. */
class HashedFile {
  private readonly hash: Hash = createHash('sha256');
  private position = 0;

  constructor(
    private readonly file: number,
    private readonly path: string,
  ) {}

  read(out: Uint8Array): void {
    for (let at = 0; at < out.length; ) {
      const block = out.subarray(at, at + BLOCK_BYTES);
      const done = readSync(this.file, block, 0, block.length, this.position);
      if (done === 0) throw damagedFile(this.path, `it ends at byte ${this.position}`);
      this.hash.update(block.subarray(0, done));
      this.position += done;
      at += done;
    }
  }

  digest(): string {
    return this.hash.digest('hex');
  }
}

/** @throws UserError for a file that is missing, of another size, damaged, or another one than is meant */
export function loadFile({ path, bytes, sha256, content }: LoadedFile): LoadedContent {
  let descriptor: number;
  try {
    descriptor = openSync(path, 'r');
  } catch (error) {
    throw new UserError(
      `'${path}' cannot be read: ${error instanceof Error ? error.message : String(error)}.`,
    );
  }
  try {
    const { size } = fstatSync(descriptor);
    if (size !== bytes) throw damagedFile(path, `it has ${size} bytes, by bundle.json ${bytes}`);
    const file = new HashedFile(descriptor, path);
    const loaded =
      content.kind === 'table' ? readArrays(file, path, size, content.arrays) : readIndex(file, path, size);
    if (file.digest() !== sha256) throw damagedFile(path, 'its SHA-256 is another than bundle.json says');
    return content.kind === 'index' && loaded
      ? { name: content.name, parts: checkedIndex(loaded, path) }
      : null;
  } finally {
    closeSync(descriptor);
  }
}

function readArrays(file: HashedFile, path: string, size: number, arrays: readonly LoadedArray[]): null {
  const first = new Uint8Array(8);
  if (size >= 8) file.read(first);
  const json = new Uint8Array(headerLength(first, size, path));
  file.read(json);
  const { tensors } = decodeHeader(json, size, path);
  if (tensors.size !== arrays.length) {
    throw damagedFile(path, `it has ${tensors.size} tensors, by bundle.json ${arrays.length}`);
  }
  for (const entry of [...tensors.values()].sort((a, b) => a.fileOffset - b.fileOffset)) {
    readArray(file, path, entry, arrays);
  }
  return null;
}

function readArray(file: HashedFile, path: string, entry: TensorEntry, arrays: readonly LoadedArray[]): void {
  const { name, dtype, shape, sizeBytes } = entry;
  const meant = arrays.find((array) => array.name === name);
  const text = (array: Pick<LoadedArray, 'dtype' | 'shape'>) => `${array.dtype} (${array.shape.join(', ')})`;
  if (!meant || text(meant) !== text(entry)) {
    const expected = meant ? `, by bundle.json ${text(meant)}` : ', which bundle.json does not know';
    throw damagedFile(path, `it has '${name}', ${dtype} (${shape.join(', ')})${expected}`);
  }
  const bytes = new Uint8Array(meant.memory.buffer, meant.address, sizeBytes);
  file.read(bytes);
  if (meant.below !== undefined) requireBelow(path, name, dtype, bytes, meant.below);
}

function requireBelow(path: string, name: string, dtype: Dtype, bytes: Uint8Array, below: number): void {
  const { array } = dtypes[dtype];
  for (const element of new array(bytes.slice().buffer)) {
    if (element < below) continue;
    throw damagedFile(path, `'${name}' has ${element} (0 to ${below - 1})`);
  }
}

/** An index that is not checked yet. */
interface ReadIndex {
  parts: IndexParts;
  checksum: number;
}

function readIndex(file: HashedFile, path: string, size: number): ReadIndex {
  const header = new Uint8Array(Math.min(HEADER_BYTES, size));
  file.read(header);
  const { shape, checksum } = decodeIndexHeader(header, size, `vocabulary index '${path}'`);
  const { slots, values, textBytes } = shape;
  const parts: IndexParts = {
    shape,
    slots: new Uint32Array(new SharedArrayBuffer(4 * slots)),
    offsets: new Uint32Array(new SharedArrayBuffer(4 * (values + 1))),
    text: new Uint8Array(new SharedArrayBuffer(paddedBytes(textBytes))),
  };
  for (const { buffer, byteOffset, byteLength } of [parts.slots, parts.offsets, parts.text]) {
    file.read(new Uint8Array(buffer, byteOffset, byteLength));
  }
  return { parts, checksum };
}

function checkedIndex({ parts, checksum }: ReadIndex, path: string): IndexParts {
  return VocabularyIndex.fromParts(parts, checksum, `vocabulary index '${path}'`).parts;
}

function damagedFile(path: string, what: string): UserError {
  return new UserError(`'${path}' is damaged: ${what}.`, 'export the bundle again');
}
