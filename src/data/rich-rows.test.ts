// What prepare makes of lists, numbers, weights and groups, and which rows negative sampling keeps.
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { prepareRich, type RichOptions, richFields, richRow, richSchema } from '../../test/rich-dataset.js';
import { numberInput } from '../schema/number-input.js';
import { mostIds, mostIdsOf } from './bags.js';
import { type Database, openDatabase } from './database.js';
import { loadDataset } from './encoded-dataset.js';

const ROWS = 1000;
const folder = mkdtempSync(join(tmpdir(), 'bitrow-rich-'));
let database: Database;
beforeAll(async () => {
  mkdirSync(join(folder, 'database'));
  database = await openDatabase({ directory: join(folder, 'database'), threads: 1, memoryBytes: 5e8 });
});
afterAll(() => {
  database.close();
  rmSync(folder, { recursive: true });
});

const raw = Array.from({ length: ROWS }, (_, row) => {
  const [click, user, item, seen, tags, price, age, weight] = richRow(row);
  return { row, click, user, item, seen, tags, price, age, weight };
});
const trained = raw.filter(({ row }) => row % 10 < 8);
const elements = (list: string) => (list === '' ? [null] : list.split('|'));

async function prepareRows(options: Partial<RichOptions> = {}) {
  const out = await prepareRich(folder, { rows: ROWS, force: true, ...options });
  const { manifest } = await loadDataset(out);
  const stored = async (split: string) => database.query(`SELECT * FROM '${join(out, `${split}.parquet`)}'`);
  const ids = async (vocabulary: string) => {
    const rows = await database.query(`SELECT * FROM '${join(out, `vocabularies/${vocabulary}.parquet`)}'`);
    return new Map(rows.map(({ value, id }) => [value as string | null, Number(id)]));
  };
  return { out, manifest, stored, ids };
}

/** Rows in the order that a split stores them. */
function storedOrder(rows: typeof raw): typeof raw {
  const hash = ({ row }: { row: number }) => createHash('md5').update(`1:${row}`).digest('hex');
  return [...rows].sort((a, b) => (hash(a) < hash(b) ? -1 : 1));
}

describe('prepare', () => {
  it('keeps order and repetitions of a list, and gives an empty one the id of missing', async () => {
    const { stored, ids, manifest } = await prepareRows({ minCount: 90 });
    const [items, tags] = [await ids('items'), await ids('tags')];
    const expected = storedOrder(trained).map((row) => ({
      item: items.get(row.item.toLowerCase()) ?? 0,
      seen: elements(row.seen).map((value) => items.get(value) ?? 0),
      tags: elements(row.tags).map((value) => tags.get(value) ?? 0),
    }));
    const train = await stored('train');
    expect(train.map(({ item, seen, tags }) => ({ item, seen, tags }))).toEqual(expected);
    expect(expected.some(({ tags }) => new Set(tags).size < tags.length)).toBe(true);
    expect(expected.some(({ seen }) => seen.includes(0))).toBe(true);
    expect(manifest.splits[0].oov?.slice(1)).toEqual([
      expected.filter(({ item }) => item === 0).length,
      expected.flatMap(({ seen }) => seen).filter((id) => id === 0).length,
      expected.flatMap(({ tags }) => tags).filter((id) => id === 0).length,
    ]);
    expect(manifest.splits[0].ids?.slice(2)).toEqual([
      expected.flatMap(({ seen }) => seen).length,
      expected.flatMap(({ tags }) => tags).length,
    ]);
    expect(manifest.fields.map(({ bag }) => bag)).toEqual([
      undefined,
      undefined,
      { pooling: 'sum', longest: 4 },
      { pooling: 'mean', longest: 6 },
    ]);
  });

  it('counts every element, over all fields of a shared vocabulary', async () => {
    const { out } = await prepareRows();
    const counts = new Map<string | null, number>();
    for (const row of trained) {
      for (const value of [row.item.toLowerCase(), ...elements(row.seen)]) {
        counts.set(value, (counts.get(value) ?? 0) + 1);
      }
    }
    const rows = await database.query(
      `SELECT value, count FROM '${join(out, 'vocabularies/items.parquet')}'`,
    );
    expect(new Map(rows.map(({ value, count }) => [value, Number(count)]))).toEqual(counts);
  });

  it('keeps numbers raw and measures them over training, missing ones aside', async () => {
    const { stored, manifest } = await prepareRows();
    const number = (text: string) => (text === '' ? null : Number(text));
    const expected = storedOrder(trained).map(({ price, age, weight }) => [
      number(price),
      number(age),
      Number(weight),
    ]);
    expect((await stored('train')).map(({ price, age, weight }) => [price, age, weight])).toEqual(expected);
    const logs = expected.flatMap(([price]) => (price === null ? [] : [Math.log1p(price)]));
    const mean = logs.reduce((sum, x) => sum + x, 0) / logs.length;
    const deviation = Math.sqrt(logs.reduce((sum, x) => sum + (x - mean) ** 2, 0) / logs.length);
    const [price] = manifest.numbers ?? [];
    expect(price).toMatchObject({ name: 'price', transform: 'log' });
    expect(price.mean).toBeCloseTo(mean, 12);
    expect(price.deviation).toBeCloseTo(deviation, 12);
    expect(numberInput(null, price)).toBe(0);
    expect(numberInput(-9, price)).toBe(Math.fround((-Math.log(10) - price.mean) / price.deviation));
  });

  it('numbers groups exactly, over all splits, 0 for a row without one', async () => {
    const { stored, ids } = await prepareRows({ vocabulary: 'all', minCount: 1 });
    const users = await ids('user');
    const userOf = new Map([...users].map(([user, id]) => [id, user]));
    const groupOf = new Map<string | null | undefined, unknown>();
    for (const split of ['train', 'validation', 'test']) {
      for (const { user, group } of await stored(split)) {
        const text = userOf.get(Number(user));
        if (!groupOf.has(text)) groupOf.set(text, group);
        expect(group).toBe(groupOf.get(text));
      }
    }
    expect(groupOf.get(null)).toBe(0);
    expect(new Set(groupOf.values()).size).toBe(users.size);
  });

  it('names the cell of a weight or a number that is none', async () => {
    const bad = (column: number, text: string) =>
      prepareRows({ row: (row) => richRow(row).map((cell, i) => (row === 3 && i === column ? text : cell)) });
    const weight = 'a weight: a positive number (1e-15 to 1e15)';
    for (const text of ['0', '-1', 'nan', '1e30', 'x']) {
      await expect(bad(7, text)).rejects.toThrow(
        `line 5, column 'weight': found '${text}', expected ${weight}.`,
      );
    }
    await expect(bad(7, '')).rejects.toThrow(`found nothing, expected ${weight}.`);
    await expect(bad(5, 'inf')).rejects.toThrow("column 'price': found 'inf', expected a number or nothing.");
    await expect(
      prepareRows({ row: (row) => richRow(row).map((cell, i) => (i === 5 ? '' : cell)) }),
    ).rejects.toThrow("The number 'price' is missing in every row of training.");
  });

  it('gives a number that is always the same the deviation 1', async () => {
    const { manifest } = await prepareRows({
      row: (row) => richRow(row).map((cell, i) => (i === 6 ? '7' : cell)),
    });
    expect(manifest.numbers?.[1]).toMatchObject({ mean: 7, deviation: 1 });
  });

  it('gives the same bytes with any number of threads and any memory', async () => {
    // More than one row group.
    const rows = 80_000;
    const sums = [];
    for (const [threads, memoryBytes] of [
      [1, 4e9],
      [2, 1.5e8],
    ] as const) {
      const { out, manifest } = await prepareRows({ rows, threads, memoryBytes });
      expect(manifest.splits[0].rows).toBeGreaterThan(61_440);
      const files = readdirSync(out, { recursive: true, withFileTypes: true }).filter((f) => f.isFile());
      const sum = (file: string) => createHash('sha256').update(readFileSync(file)).digest('hex');
      sums.push(Object.fromEntries(files.map((f) => [f.name, sum(join(f.parentPath, f.name))])));
    }
    expect(sums[1]).toEqual(sums[0]);
  });
});

describe('negative sampling', () => {
  it('keeps the training zeros that the hash says, and everything else', async () => {
    const rate = 0.3;
    const { stored, manifest } = await prepareRows({ negativeSampling: rate });
    const kept = trained.filter(({ row, click }) => {
      const hash = createHash('md5').update(`1:${row}`).digest('hex');
      return click === '1' || Number.parseInt(hash.slice(16, 24), 16) < rate * 2 ** 32;
    });
    expect((await stored('train')).map(({ weight, label }) => [weight, label])).toEqual(
      storedOrder(kept).map(({ weight, click }) => [Number(weight), Number(click)]),
    );
    expect(manifest.splits.map(({ rows }) => rows)).toEqual([kept.length, 100, 100]);
    expect(manifest.options.negativeSampling).toBe(rate);
    expect(manifest.input).toEqual([{ path: 'rich.csv', rows: ROWS }]);
  });

  it.each([0, -0.5, 1.5, Number.NaN])('refuses the rate %d', async (negativeSampling) => {
    await expect(prepareRows({ negativeSampling })).rejects.toThrow('must be more than 0 and at most 1');
  });
});

describe('the most ids of a batch', () => {
  it('is never less than what some rows have, and exact for a power of two', async () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 40 });
    const fields = [richFields.tags, richFields.user];
    await fc.assert(
      fc.asyncProperty(sizes, async (sizes) => {
        const rows = `SELECT range(n) AS tags, 1 AS user FROM (VALUES ${sizes.map((n) => `(${n})`).join(', ')}) AS t(n)`;
        const manifest = {
          fields: [
            { name: 'tags', vocabulary: 'tags', bag: { pooling: 'mean', longest: 50 } },
            { name: 'user' },
          ],
          splits: [{ mostIds: await mostIds(database, rows, fields) }],
        } as unknown as Parameters<typeof mostIdsOf>[0];
        const sorted = sizes.map((n) => n + 1).sort((a, b) => b - a);
        for (let count = 1; count <= sizes.length; count++) {
          const most = sorted.slice(0, count).reduce((sum, n) => sum + n, 0);
          const bound = mostIdsOf(manifest, count) ?? 0;
          expect(bound).toBeGreaterThanOrEqual(most);
          expect(bound).toBeLessThanOrEqual(2 * most);
          if (Number.isInteger(Math.log2(count))) expect(bound).toBe(most);
        }
        // More rows than there are: what there is, or one id for each field.
        const all = sorted.reduce((sum, n) => sum + n, 0);
        expect(mostIdsOf(manifest, 1000)).toBe(Math.max(all, 2000));
      }),
      { numRuns: 30 },
    );
  });

  it('is not asked where no field is a bag', async () => {
    const { fields, ...others } = richSchema;
    const { manifest } = await prepareRows({ schema: { ...others, fields: fields.slice(0, 2) } });
    expect(mostIdsOf(manifest, 10)).toBeNull();
    expect(manifest.splits[0]).not.toHaveProperty('mostIds');
  });
});
