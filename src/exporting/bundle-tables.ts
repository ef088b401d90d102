// Writes the packed tables of a bundle, some rows to a file, and reads every file back as a bundle's reader does: what it
// gives must be what the network saw, in every bit.
import { mkdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { sha256OfFile } from '../data/checksum.js';
import { rowArrays, rowBytes, sharedArrays } from '../embedding/packed/packed-format.js';
import { allocatePacked, planPacked } from '../embedding/packed/packed-memory.js';
import { PackedTable } from '../embedding/packed/packed-table.js';
import { CHUNK_ROWS } from '../embedding/shard.js';
import type { TensorSpec } from '../formats/safetensors.js';
import { SafetensorsWriter } from '../formats/safetensors-writer.js';
import type { Bundle, BundleTable } from '../scoring/bundle/bundle-file.js';
import { loadFile } from '../scoring/bundle/load-file.js';
import { arraysOf } from '../scoring/bundle/open-bundle.js';
import type { TableToPack } from './table-to-pack.js';

/** Rows of a file take about as many bytes: enough files for threads to share, not many for a directory. */
export const PART_BYTES = 1 << 27;
/** Rows that are packed at a time. */
const BLOCK_ROWS = 8 * CHUNK_ROWS;

type Part = BundleTable['parts'][number];

/** What was written: the table as bundle.json has it, and its files. */
export interface WrittenTable {
  table: BundleTable;
  files: Bundle['files'];
}

/**
 * Writes a table into the directory of a bundle.
 *
 * @param onRows told the rows that were written; may throw to stop
 * @param partBytes of the rows of a file; smaller only in tests
 */
export async function writeTable(
  directory: string,
  packed: TableToPack,
  onRows: (rows: number) => void,
  partBytes = PART_BYTES,
): Promise<WrittenTable> {
  const { info } = packed;
  await mkdir(join(directory, 'tables'), { recursive: true });
  const parts: Part[] = [];
  const files: Bundle['files'] = {};
  for (const [group, { rows, format }] of info.groups.entries()) {
    const most = Math.max(1, Math.floor(partBytes / rowBytes(format, info.dim)));
    for (let first = 0; first < rows; first += most) {
      const file = `tables/${info.name}-${parts.length + 1}.safetensors`;
      parts.push({ file, group, first, rows: Math.min(most, rows - first) });
    }
  }
  const table: BundleTable = {
    ...info,
    groups: [...info.groups],
    runs: [...info.runs],
    parts,
  };
  for (const part of parts) {
    const path = join(directory, part.file);
    await writePart(path, packed, part, onRows);
    const { size: bytes } = await stat(path);
    files[part.file] = { bytes, sha256: await sha256OfFile(path) };
    await verifyPart(path, packed, part, files[part.file]);
  }
  return { table, files };
}

async function writePart(
  path: string,
  packed: TableToPack,
  { group, first, rows }: Part,
  onRows: (rows: number) => void,
): Promise<void> {
  const { name, dim, groups } = packed.info;
  const arrays = rowArrays(groups[group].format, dim);
  const shared = sharedArrays(groups[group].format, dim);
  const specs: TensorSpec[] = [
    ...arrays.map(({ suffix, dtype, shape }) => ({ name: name + suffix, dtype, shape: [rows, ...shape] })),
    ...shared.map(({ suffix, dtype, shape }) => ({ name: name + suffix, dtype, shape })),
  ];
  const file = await SafetensorsWriter.create(path, specs);
  try {
    for (const [i, array] of packed.shared(group).entries()) await file.write(name + shared[i].suffix, array);
    for (let done = 0; done < rows; done += BLOCK_ROWS) {
      const count = Math.min(BLOCK_ROWS, rows - done);
      const block = await packed.arrays(group, first + done, count);
      for (const [i, array] of block.entries()) await file.write(name + arrays[i].suffix, array);
      onRows(count);
    }
    await file.finish();
  } catch (error) {
    await file.abandon();
    throw error;
  }
}

/** Reads the rows of a file back. @throws Error when one of them is not what it was: a defect */
async function verifyPart(
  path: string,
  packed: TableToPack,
  part: Part,
  written: Bundle['files'][string],
): Promise<void> {
  const { name, dim, groups } = packed.info;
  const { group, first, rows } = part;
  const alone = { ...part, group: 0, first: 0 };
  const info = {
    name,
    rows,
    dim,
    groups: [{ rows, format: groups[group].format }],
    runs: [{ firstRow: 0, rows, group: 0 }],
  };
  const memory = allocatePacked(info, planPacked(info, [alone], 1));
  const arrays = arraysOf({ ...info, parts: [alone] }, alone, memory);
  loadFile({ path, ...written, content: { kind: 'table', arrays } });
  const table = new PackedTable(memory, 0);
  for (let done = 0; done < rows; done += BLOCK_ROWS) {
    const count = Math.min(BLOCK_ROWS, rows - done);
    const expected = new Float32Array(count * dim);
    const found = new Float32Array(count * dim);
    await packed.values(group, first + done, expected);
    table.read(
      Uint32Array.from({ length: count }, (_, i) => done + i),
      found,
    );
    for (let i = 0; i < found.length; i++) {
      if (found[i] === expected[i]) continue;
      const row = first + done + Math.floor(i / dim);
      throw new Error(
        `Row ${row} of '${name}' is ${expected[i]} at column ${i % dim}, and ${found[i]} when packed.`,
      );
    }
  }
}
