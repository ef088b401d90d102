import { copyFileSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type EncodedDatasetOptions,
  fixtureBag,
  fixtureExtras,
  fixtureId,
  fixtureNumbers,
  writeEncodedDataset,
} from '../../test/encoded-dataset.js';
import type { EncodedDataset } from '../data/encoded-dataset.js';
import { UserError } from '../errors.js';
import { numberInput } from '../schema/number-input.js';
import { type Batch, type BatchOptions, batchCount, readBatches } from './reader.js';

// DuckDB writes row groups in multiples of its 2,048-row vectors. 11,000 rows: five full groups and one of 760.
const rows = 11_000;
const sizes = [100_003, 17, 5000];
const rowGroupRows = 2048;
const folders: string[] = [];
let source: EncodedDataset;

async function dataset(options: Partial<EncodedDatasetOptions> = {}): Promise<EncodedDataset> {
  const written = await writeEncodedDataset({ rows, sizes, rowGroupRows, ...options });
  folders.push(written.dir);
  return written;
}

async function collect(from: EncodedDataset, options: Partial<BatchOptions> = {}): Promise<Batch[]> {
  const batches: Batch[] = [];
  for await (const batch of readBatches(from, {
    split: 'train',
    batchSize: 1000,
    order: { seed: 1, epoch: 3 },
    windowRowGroups: 2,
    ...options,
  })) {
    batches.push(batch);
  }
  return batches;
}

/** Field 0 alone names the row: 7919 is invertible modulo its vocabulary, a prime above the number of rows. */
function rowNumbers(batches: readonly Batch[]): number[] {
  const rowOf = new Map(Array.from({ length: rows }, (_, row) => [fixtureId(row, 0, sizes[0]), row]));
  return batches.flatMap((batch) =>
    Array.from({ length: batch.rows }, (_, b) => {
      const row = rowOf.get(batch.ids[b * sizes.length]) ?? -1;
      const ids = batch.ids.subarray(b * sizes.length, (b + 1) * sizes.length);
      expect([...ids]).toEqual(sizes.map((size, field) => fixtureId(row, field, size)));
      expect(batch.labels[b]).toBe(row % 2);
      return row;
    }),
  );
}

const allRows = Array.from({ length: rows }, (_, row) => row);

beforeAll(async () => {
  source = await dataset();
});
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true });
});

describe('readBatches, of rows with bags, numbers, weights and groups', () => {
  const bags = { 1: 'mean', 2: 'sum' } as const;

  /** Checks every row of the batches against the fixture. @returns the rows' numbers */
  function richRows(batches: readonly Batch[], numbers = fixtureNumbers): number[] {
    const rowOf = new Map(Array.from({ length: rows }, (_, row) => [fixtureId(row, 0, sizes[0]), row]));
    return batches.flatMap((batch) => {
      const { offsets = new Uint32Array() } = batch;
      expect(offsets.length).toBe(batch.rows * sizes.length + 1);
      expect(offsets[batch.rows * sizes.length]).toBe(batch.ids.length);
      return Array.from({ length: batch.rows }, (_, b) => {
        const bag = (f: number) => [
          ...batch.ids.subarray(offsets[b * sizes.length + f], offsets[b * sizes.length + f + 1]),
        ];
        const row = rowOf.get(bag(0)[0]) ?? -1;
        expect([bag(0), bag(1), bag(2)]).toEqual([
          [fixtureId(row, 0, sizes[0])],
          fixtureBag(row, 1, sizes[1]),
          fixtureBag(row, 2, sizes[2]),
        ]);
        const extras = fixtureExtras(row);
        const expected = extras.numbers.map((x, n) => numberInput(x, numbers[n]));
        expect([...(batch.numbers ?? new Float32Array()).subarray(b * 2, b * 2 + 2)]).toEqual(expected);
        expect(batch.weights?.[b]).toBe(extras.weight);
        expect(batch.groups?.[b]).toBe(extras.group);
        expect(batch.labels[b]).toBe(row % 2);
        return row;
      });
    });
  }

  it('gives each row what belongs to it, over windows, and begins where it is told', async () => {
    const from = await dataset({ bags, hasExtras: true });
    const batches = await collect(from);
    expect([...richRows(batches)].sort((a, b) => a - b)).toEqual(allRows);
    expect(await collect(from, { startBatch: 5 })).toEqual(batches.slice(5));
    expect(richRows(await collect(from, { order: 'stored', batchSize: 4100 }))).toEqual(allRows);
  });

  it('standardises by what the caller says, such as the run that the rows are for', async () => {
    const from = await dataset({ bags, hasExtras: true });
    const numbers = fixtureNumbers.map((number) => ({ ...number, mean: 3, deviation: 0.5 }));
    expect(richRows(await collect(from, { numbers }), numbers)).toHaveLength(rows);
  });

  it('refuses an id outside its vocabulary, in whatever place of a bag', async () => {
    const from = await dataset({ bags });
    from.manifest.vocabularies[2].size = sizes[2] - 1;
    await expect(collect(from, { order: 'stored' })).rejects.toThrow(
      /^Row 4999 is outside vocabulary 'vocabulary 2' \(rows 0 to 4998\): field 'field 2' in row \d+ of/,
    );
  });

  it('refuses a column that is not the bag the manifest says', async () => {
    const { dir, manifest } = await dataset();
    const fields = manifest.fields.map((field) => ({
      ...field,
      bag: { pooling: 'sum' as const, longest: 1 },
    }));
    await expect(collect({ dir, manifest: { ...manifest, fields } })).rejects.toThrow("Column 'field 0' of");
  });
});

describe('readBatches', () => {
  it('gives stored order, and keeps the smaller last batch', async () => {
    const batches = await collect(source, { order: 'stored' });
    expect(rowNumbers(batches)).toEqual(allRows);
    expect(batches.map((batch) => batch.rows)).toEqual(Array(11).fill(1000));
    expect(batches.map((batch) => batch.index)).toEqual([...Array(11).keys()]);
    expect((await collect(source, { order: 'stored', batchSize: 1500 })).at(-1)?.rows).toBe(500);
    expect(batchCount(source, 'train', 1500)).toBe(8);
  });

  it('gives every row once in an epoch, with its own fields and label', async () => {
    const visited = rowNumbers(await collect(source));
    expect(visited).not.toEqual(allRows);
    expect([...visited].sort((a, b) => a - b)).toEqual(allRows);
  });

  it('mixes rows within a window and no further', async () => {
    // The first window is two whole groups, or one and the last group of 760 rows.
    const groups = rowNumbers(await collect(source)).map((row) => Math.floor(row / rowGroupRows));
    const inWindow = groups.slice(0, 2048 + 760);
    expect(new Set(inWindow).size).toBe(2);
    expect(new Set(inWindow.slice(0, 100)).size).toBe(2);
  });

  it('repeats itself, and differs in the next epoch', async () => {
    const first = rowNumbers(await collect(source));
    expect(rowNumbers(await collect(source))).toEqual(first);
    const next = await collect(source, { order: { seed: 1, epoch: 4 } });
    expect(next[0].epoch).toBe(4);
    expect(rowNumbers(next)).not.toEqual(first);
  });

  it.each([1, 4, 5, 10, 11, 12])('starts at batch %i as a full run passes it', async (startBatch) => {
    const full = await collect(source);
    expect(await collect(source, { startBatch })).toEqual(full.slice(startBatch));
  });

  it('does not read the windows before the first batch', async () => {
    // The last row of the first row group is refused by whoever reads it.
    const from = await dataset({ id: (field, size) => `case when i = 2047 then ${size} else ${field} end` });
    const options = { order: 'stored', windowRowGroups: 1, batchSize: 2048 } as const;
    await expect(collect(from, options)).rejects.toThrow('in row 2047 of');
    expect((await collect(from, { ...options, startBatch: 1 })).length).toBe(5);
  });

  it('gives the same rows whatever the batch size', async () => {
    const expected = rowNumbers(await collect(source));
    expect(rowNumbers(await collect(source, { batchSize: 4100 }))).toEqual(expected);
    expect(rowNumbers(await collect(source, { batchSize: 20_000 }))).toEqual(expected);
  });

  it('puts batches where the caller wants them', async () => {
    const buffers: SharedArrayBuffer[] = [];
    const allocate = (sizeBytes: number): SharedArrayBuffer => {
      const buffer = new SharedArrayBuffer(sizeBytes + 64);
      buffers.push(buffer);
      return buffer;
    };
    const batches = await collect(source, { allocate });
    expect(batches[1].ids.buffer).toBe(buffers[2]);
    expect(batches[1].labels.buffer).toBe(buffers[3]);
    rowNumbers(batches);
  });

  it('stops early without complaint, and can be read again', async () => {
    for (let repeat = 0; repeat < 3; repeat++) {
      for await (const batch of readBatches(source, {
        split: 'train',
        batchSize: 10,
        order: 'stored',
        windowRowGroups: 1,
      })) {
        if (batch.index === repeat) break;
      }
    }
    const failing = async (): Promise<void> => {
      for await (const _ of readBatches(source, { split: 'train', batchSize: 10, order: 'stored' })) {
        throw new Error('of the consumer');
      }
    };
    await expect(failing()).rejects.toThrow('of the consumer');
  });
});

describe('readBatches refuses', () => {
  const sentence = async (from: EncodedDataset, options: Partial<BatchOptions> = {}): Promise<string> => {
    const error = await collect(from, options).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(UserError);
    return error instanceof Error ? error.message : '';
  };

  it('an id outside its vocabulary', async () => {
    const from = await dataset({
      id: (field, size) => (field === 1 ? `case when i = 5000 then ${size} else 3 end` : '1'),
    });
    expect(await sentence(from)).toBe(
      `Row 17 is outside vocabulary 'vocabulary 1' (rows 0 to 16): field 'field 1' in row 5000 of '${join(from.dir, 'train.parquet')}'.`,
    );
  });

  it('a missing id or label, and a label that is no label', async () => {
    const holes = await dataset({ id: (field) => (field === 2 ? 'case when i <> 7000 then 1 end' : '1') });
    expect(await sentence(holes)).toContain("An id is NULL: field 'field 2' in row 7000 of");
    expect(await sentence(await dataset({ label: 'case when i <> 9 then 1 end' }))).toContain(
      'Label null in row 9 of',
    );
    expect(await sentence(await dataset({ label: 'i % 3' }))).toContain('Label 2 in row');
  });

  it('a split that does not exist', async () => {
    expect(await sentence(source, { split: 'test' })).toBe("Unknown split 'test' (known: train).");
  });

  it('numbers that make no sense', async () => {
    expect(await sentence(source, { batchSize: 0 })).toBe(
      'Batch size 0 is not a whole number of at least 1.',
    );
    expect(await sentence(source, { startBatch: -1 })).toContain('Start batch -1');
    expect(await sentence(source, { windowRowGroups: 0.5 })).toContain('Window 0.5');
  });

  it('a missing, truncated, damaged or foreign file', async () => {
    const { dir, manifest } = await dataset();
    const path = join(dir, 'train.parquet');
    const kept = readFileSync(path);
    truncateSync(path, kept.length - 100);
    expect(await sentence({ dir, manifest })).toContain(`File '${path}' cannot be read: `);
    writeFileSync(path, kept.fill(0xff, 2000, kept.length - 2000));
    expect(await sentence({ dir, manifest })).toContain(`File '${path}' cannot be read: `);
    const foreign = await dataset({ sizes: [5, 5] });
    copyFileSync(join(foreign.dir, 'train.parquet'), path);
    expect(await sentence({ dir, manifest })).toContain(`File '${path}' cannot be read: `);
    rmSync(path);
    expect(await sentence({ dir, manifest })).toBe(`File '${path}' of split 'train' is missing.`);
  });

  it('a file that is not what the manifest says', async () => {
    const { dir, manifest } = source;
    const splits = manifest.splits.map((split) => ({ ...split, rows: 10_999 }));
    expect(await sentence({ dir, manifest: { ...manifest, splits } })).toContain(
      'has 11000 rows; the manifest says 10999.',
    );
    const fields = manifest.fields.map((field) => ({ ...field, name: 'label' }));
    expect(await sentence({ dir, manifest: { ...manifest, fields } })).toContain(
      'is UTINYINT, not UINTEGER.',
    );
  });
});
