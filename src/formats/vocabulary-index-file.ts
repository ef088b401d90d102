// Vocabulary indexes (vocabulary-index.ts) as files: written and read part by part, sizes checked before anything is
// allocated. Assumes a little-endian machine, as the other formats do.
import { createHash, type Hash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import { UserError } from '../errors.js';
import { VocabularyIndex } from './vocabulary-index.js';
import type { VocabularyIndexBuilder } from './vocabulary-index-builder.js';
import { decodeHeader, HEADER_BYTES, paddedBytes } from './vocabulary-index-layout.js';

/** Bytes of one read or write: the system refuses 2 GiB at once. */
const BLOCK_BYTES = 1 << 26;

/** Writes what was built. @returns the file's SHA-256, as 64 hexadecimal digits */
export async function writeVocabularyIndex(path: string, builder: VocabularyIndexBuilder): Promise<string> {
  const { header, parts } = builder.finish();
  const hash = createHash('sha256');
  const file = await open(path, 'w');
  try {
    for (const part of [header, bytesOf(parts.slots), bytesOf(parts.offsets), parts.text]) {
      for (const block of blocksOf(part)) {
        hash.update(block);
        for (let at = 0; at < block.length; ) at += (await file.write(block, at)).bytesWritten;
      }
    }
  } finally {
    await file.close();
  }
  return hash.digest('hex');
}

/**
 * Reads an index.
 *
 * @param sha256 of the file, where it is known: whether this is the very index that is meant
 * @throws UserError when the file is missing, damaged, or another one
 */
export async function readVocabularyIndex(path: string, sha256?: string): Promise<VocabularyIndex> {
  const name = `vocabulary index '${path}'`;
  const file = await openFile(path);
  try {
    const hash = createHash('sha256');
    const { size } = await file.stat();
    const header = new Uint8Array(Math.min(HEADER_BYTES, size));
    await readFully(file, header, 0, hash, name);
    const { shape, checksum } = decodeHeader(header, size, name);
    // Shared: every thread that encodes reads this one copy.
    const slots = new Uint32Array(new SharedArrayBuffer(4 * shape.slots));
    const offsets = new Uint32Array(new SharedArrayBuffer(4 * (shape.values + 1)));
    const text = new Uint8Array(new SharedArrayBuffer(paddedBytes(shape.textBytes)));
    let at = HEADER_BYTES;
    for (const part of [bytesOf(slots), bytesOf(offsets), text]) {
      await readFully(file, part, at, hash, name);
      at += part.length;
    }
    const index = VocabularyIndex.fromParts({ shape, slots, offsets, text }, checksum, name);
    if (sha256 !== undefined && hash.digest('hex') !== sha256) {
      throw new UserError(`The ${name} is not the one that the ids come from: its SHA-256 is another.`);
    }
    return index;
  } finally {
    await file.close();
  }
}

async function openFile(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'r');
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new UserError(`The vocabulary index '${path}' cannot be read: ${reason}.`);
  }
}

async function readFully(
  file: FileHandle,
  out: Uint8Array,
  position: number,
  hash: Hash,
  name: string,
): Promise<void> {
  let at = position;
  for (const block of blocksOf(out)) {
    for (let done = 0; done < block.length; ) {
      const { bytesRead } = await file.read(block, done, block.length - done, at + done);
      if (bytesRead === 0) throw new UserError(`The ${name} was cut short while it was read.`);
      done += bytesRead;
    }
    hash.update(block);
    at += block.length;
  }
}

function* blocksOf(bytes: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += BLOCK_BYTES) yield bytes.subarray(at, at + BLOCK_BYTES);
}

function bytesOf(words: Uint32Array): Uint8Array {
  return new Uint8Array(words.buffer, words.byteOffset, words.byteLength);
}
