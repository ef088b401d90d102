// `predict` and `open` on rows with bags, numbers, a weight and a group: the logits are those of `evaluate`, bit for
// bit, also for lists longer than any that the run has seen, and whatever the calls and batches.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openDatabase } from '../src/data/database.js';
import {
  evaluate,
  type Model,
  type OpenOptions,
  open,
  predictFiles,
  type RawRow,
  resolveConfig,
  train,
} from '../src/index.js';
import { prepareRich, richColumns, richRow } from './rich-dataset.js';
import { storedRows } from './stored-rows.js';
import { scatter } from './toy-dataset.js';

const folder = mkdtempSync(join(tmpdir(), 'bitrow-predict-rich-'));
const place = (name: string) => join(folder, name);
const run = place('run');
const first = 4000;
const second = 600;

/** The second day's rows: empty lists, elements and users never seen, and lists longer than any of the first day. */
function strangeRow(row: number): string[] {
  const cells = richRow(row);
  const list = (letter: string, length: number) =>
    Array.from({ length }, (_, i) => `${letter}${scatter(row, 50 + i) % 60}`).join('|');
  cells[1] = row % 7 === 0 ? 'nobody' : cells[1];
  cells[3] = row % 3 === 0 ? '' : list('i', row % 40);
  cells[4] = row % 4 === 0 ? '||' : list('t', row % 20);
  return cells;
}

let rows: RawRow[];
let logits: Map<number, number>;

beforeAll(async () => {
  const data = await prepareRich(folder, { rows: first });
  const config = resolveConfig({
    model: { dim: 8, hidden: [16], batchNorm: true },
    method: { name: 'alpt', bits: 8 },
    training: { epochs: 1, batchSize: 512 },
  });
  await train({ data, out: run, config, threads: 1 });
  const day = place('day');
  await prepareRich(folder, {
    rows: second,
    row: (i) => strangeRow(first + i),
    extend: data,
    out: day,
  });
  logits = new Map();
  for (const [directory, numbers] of [
    [data, storedRows(first, (row) => row % 10 === 9)],
    [day, storedRows(first + second, (row) => row >= first && row % 10 === 9)],
  ] as const) {
    const evaluated = await evaluate({ run, data: directory, split: 'test', threads: 1, batchRows: 64 });
    expect(evaluated.logits).toHaveLength(numbers.length);
    for (const [i, row] of numbers.entries()) logits.set(row, evaluated.logits[i]);
    rmSync(directory, { recursive: true });
  }
  rows = Array.from({ length: first + second }, (_, row) => {
    const cells = row < first ? richRow(row) : strangeRow(row);
    return Object.fromEntries(richColumns.map((name, i) => [name, cells[i]]));
  });
});
afterAll(() => rmSync(folder, { recursive: true }));

async function withModel<T>(options: OpenOptions, work: (model: Model) => Promise<T>): Promise<T> {
  const model = await open(run, options);
  try {
    return await work(model);
  } finally {
    await model.close();
  }
}

/** Without label, weight and group's own use: `user` is a field too. */
function asked(row: RawRow): RawRow {
  const { click: _click, weight: _weight, ...inputs } = row;
  return inputs;
}

describe('open', () => {
  it('gives the logits of evaluate in calls and batches of any size', async () => {
    const tested = [...logits.keys()];
    // Of 16 rows the ids of four fields fit, 64: lists fill it up long before.
    for (const [size, workers, maxBatch] of [
      [1, 1, 4096],
      [7, 1, 16],
      [460, 2, 20],
      [460, 2, 333],
    ]) {
      await withModel({ workers, maxBatch }, async (model) => {
        for (let at = 0; at < tested.length; at += size) {
          const called = tested.slice(at, at + size);
          const { logits: found } = await model.predict(called.map((row) => rows[row]));
          expect([...found]).toEqual(called.map((row) => logits.get(row)));
        }
      });
    }
  });

  it('needs neither label nor weight, and counts each element that is OOV', async () => {
    const tested = [...logits.keys()];
    await withModel({}, async (model) => {
      const { logits: found } = await model.predict(tested.map((row) => asked(rows[row])));
      expect([...found]).toEqual([...logits.values()]);
      const { oov } = await model.predict([
        { user: 'u1', item: 'i1', seen: 'i1|never|i2|never', tags: '', price: null, age: 4 },
        { user: 'nobody', item: 'I2', seen: null, tags: 'never|t1', price: 3.5 },
      ]);
      expect(oov).toEqual({ user: 1, item: 0, seen: 2, tags: 1 });
    });
  });

  it('takes a number as it is, a text that is none as a mistake, and a missing one as the mean', async () => {
    await withModel({}, async (model) => {
      const row = asked(rows[9]);
      const one = async (more: RawRow) => (await model.predict([{ ...row, ...more }])).logits[0];
      expect(await one({ price: 250, age: '31' })).toBe(await one({ price: '250', age: 31 }));
      expect(await one({ price: 250 })).not.toBe(await one({ price: 2 }));
      expect(await one({ age: null })).toBe(await one({ age: undefined }));
      await expect(one({ price: 'dear' })).rejects.toThrow(
        "Row 0, column 'price': found 'dear', expected a number or nothing.",
      );
    });
  });

  it('keeps concurrent calls apart when their lists fill the batches', async () => {
    await withModel({ maxBatch: 16, workers: 2 }, async (model) => {
      const some = rows.slice(first - 200);
      const all = await model.predict(some);
      const calls = Array.from({ length: 40 }, (_, i) => ({ from: i * 19, count: (i * 37) % 90 }));
      const found = await Promise.all(
        calls.map(({ from, count }) => model.predict(some.slice(from, from + count))),
      );
      for (const [i, { from, count }] of calls.entries()) {
        expect(found[i].logits).toEqual(all.logits.slice(from, from + count));
      }
    });
  });

  it('refuses a row that no batch can hold, by its number, and no other call', async () => {
    await withModel({ maxBatch: 16 }, async (model) => {
      const long = { ...asked(rows[0]), seen: Array.from({ length: 500 }, (_, i) => `i${i}`).join('|') };
      const good = model.predict(rows.slice(0, 50));
      await expect(model.predict([...rows.slice(0, 3), long])).rejects.toThrow(
        /^Row 3: its fields have 50\d values in all \(at most \d+ fit into a batch\)\.$/,
      );
      expect((await good).logits).toHaveLength(50);
    });
  });

  it('names what it reads: fields and numbers, no label, no weight', async () => {
    await withModel({}, async (model) => {
      expect(model.inputs.map(({ column, expected, fields }) => [column, expected, fields])).toEqual([
        ['user', 'a text or nothing', ['user']],
        ['item', 'a text or nothing', ['item']],
        ['seen', 'a text or nothing', ['seen']],
        ['tags', 'a text or nothing', ['tags']],
        ['price', 'a number or nothing', ['price']],
        ['age', 'a number or nothing', ['age']],
      ]);
    });
  });
});

describe('predict of files', () => {
  const write = (name: string, columns: readonly string[], some: readonly RawRow[]) => {
    const lines = some.map((row) => columns.map((column) => String(row[column] ?? '')).join(','));
    writeFileSync(place(name), `${columns.join(',')}\n${lines.join('\n')}\n`);
    return place(name);
  };
  const scored = async (input: string, batchRows?: number): Promise<number[]> => {
    const out = place('out.parquet');
    await predictFiles({ run, input: [input], out, threads: 1, batchRows, force: true });
    const database = await openDatabase({ directory: folder, threads: 1, memoryBytes: 2e8 });
    try {
      const found = await database.query(`SELECT logit FROM '${out}' ORDER BY row`);
      return found.map(({ logit }) => Number(logit));
    } finally {
      database.close();
    }
  };

  it('gives the logits of evaluate, with label and weight or without, in batches that ids fill up', async () => {
    const inputs = richColumns.filter((name) => name !== 'click' && name !== 'weight');
    for (const [columns, batchRows] of [
      [richColumns, undefined],
      [inputs, 16],
      [[...inputs].reverse(), 100],
    ] as const) {
      const found = await scored(write('rows.csv', columns, rows), batchRows);
      expect(found).toHaveLength(first + second);
      for (const [row, logit] of logits) expect(found[row]).toBe(logit);
    }
  });

  it('names the line of a row that no batch can hold, and of a number that is none', async () => {
    const long = { ...rows[0], tags: Array.from({ length: 500 }, () => 't1').join('|') };
    const file = write('bad.csv', richColumns, [...rows.slice(0, 5), long]);
    await expect(scored(file, 16)).rejects.toThrow(`File '${file}', line 7: its fields have 50`);
    const other = write('bad.csv', richColumns, [rows[0], { ...rows[1], age: 'old' }]);
    await expect(scored(other)).rejects.toThrow(
      `File '${other}', line 3, column 'age': found 'old', expected a number or nothing.`,
    );
  });
});
