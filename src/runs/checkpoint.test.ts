// A checkpoint of more ranges than are handled at a time, written and loaded, into a grown table too, of one tier and of
// two.
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { rowLayout, type Storage } from '../embedding/layout.js';
import { Table } from '../embedding/table.js';
import { allocateTable, type TableMemory } from '../embedding/table-memory.js';
import { SafetensorsWriter } from '../formats/safetensors-writer.js';
import { adam, adamDefaults } from '../optimizers/adam.js';
import { loadCheckpoint, saveCheckpoint } from './checkpoint.js';

const V = 300_000;
const plain: Storage = { bits: 8, tableStep: 0.01, hasRowStep: true };
const tiered: Storage = { ...plain, bits: 4, hot: { bits: 16, tableStep: 0.001 } };
/** Of each vocabulary: some blocks of ranges end among them. */
const HOT = 90_001;
const optimizer = adam.create(adamDefaults);

/** Two vocabularies of V / 2 values, the first of them `grown` more. */
function build(grown = 0, storage = plain): TableMemory {
  const { hot } = storage;
  return allocateTable({
    name: 't',
    number: 0,
    dim: 2,
    offsets: [0, V / 2 + grown, V + grown],
    storage,
    layout: rowLayout(2, storage, optimizer, optimizer),
    ...(hot && {
      hot: { rows: [HOT, HOT], layout: rowLayout(2, { ...storage, ...hot }, optimizer, optimizer) },
    }),
    seed: 1,
    deviation: 0.1,
    threads: 1,
    shardBytes: 2 ** 31,
  });
}

const odd = Uint32Array.from({ length: V / 2 }, (_, i) => 2 * i + 1);
const folder = mkdtempSync(join(tmpdir(), 'bitrow-'));
const parts = { dense: [], denseState: new Uint8Array(0), metadata: {} };

const kinds = { plain, 'with hot rows': tiered };

describe.each(Object.entries(kinds))('a table, %s', (name, storage) => {
  const path = join(folder, `${name}.safetensors`);
  beforeAll(async () => {
    const table = build(0, storage);
    new Table(table, 0).touch(odd);
    await saveCheckpoint(path, { tables: [table], ...parts });
  });

  it('keeps rows that lie in 150,000 ranges', async () => {
    const table = build(0, storage);
    new Table(table, 0).touch(odd);
    const loaded = build(0, storage);
    await loadCheckpoint(path, { tables: [loaded], ...parts });
    const { sections, scratch } = table.plans[0];
    const [{ records }] = sections;
    const recordsOf = ({ memories: [{ buffer }] }: TableMemory) =>
      Buffer.from(buffer, records, scratch - records);
    expect(recordsOf(loaded).equals(recordsOf(table))).toBe(true);
    const again = join(folder, 'b.safetensors');
    await saveCheckpoint(again, { tables: [loaded], ...parts });
    expect(readFileSync(again).equals(readFileSync(path))).toBe(true);
  });

  it('moves them with their vocabularies', async () => {
    const table = build(5, storage);
    await loadCheckpoint(path, { tables: [table], ...parts, offsets: new Map([['t', [0, V / 2, V]]]) });
    const [small, grown] = [build(0, storage), table].map((memory) => new Table(memory, 0));
    const rows = odd.map((row) => row + (row < V / 2 ? 0 : 5));
    const [before, after] = [new Float32Array(2 * odd.length), new Float32Array(2 * odd.length)];
    small.read(odd, before);
    grown.read(rows, after);
    expect(Buffer.from(after.buffer).equals(Buffer.from(before.buffer))).toBe(true);
  });
});

it('refuses hot rows where there are none, none where there are, and others', async () => {
  const other = { ...tiered, hot: { bits: 8, tableStep: 0.001 } } as const;
  const load = (name: keyof typeof kinds, storage: Storage) =>
    loadCheckpoint(join(folder, `${name}.safetensors`), { tables: [build(0, storage)], ...parts });
  await expect(load('plain', { ...tiered, bits: 8 })).rejects.toThrow(
    'has hot rows of no bits and step none (expected 16 and 0.001)',
  );
  await expect(load('with hot rows', other)).rejects.toThrow(
    'has hot rows of 16 bits and step 0.001 (expected 8 and 0.001)',
  );
  await expect(load('with hot rows', { ...plain, bits: 4 })).rejects.toThrow('(expected no and none)');
});

it('refuses ranges that descend or leave the table, before it loads a row', async () => {
  for (const ranges of [
    [6, 2, 3, 1],
    [V - 1, 2],
  ]) {
    const file = join(folder, 'bad.safetensors');
    const writer = await SafetensorsWriter.create(
      file,
      [{ name: 't.ranges', dtype: 'U32', shape: [ranges.length / 2, 2] }],
      { format: 'bitrow-checkpoint-1', bits: '8', tableStep: '0.01' },
    );
    await writer.write('t.ranges', Uint32Array.from(ranges));
    await writer.finish();
    await expect(loadCheckpoint(file, { tables: [build()], dense: [] })).rejects.toThrow(
      `names rows outside table 't' (rows 0 to ${V - 1})`,
    );
  }
});
