// An open model: the same logits as `evaluate`, whatever the calls and batches, without the data and without DuckDB.
import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  evaluate,
  type Model,
  type OpenOptions,
  open,
  type RawRow,
  resolveConfig,
  train,
  UserError,
} from '../src/index.js';
import { storedRows } from './stored-rows.js';
import { prepareToy } from './toy-dataset.js';

const folder = mkdtempSync(join(tmpdir(), 'bitrow-open-'));
const run = join(folder, 'run');
/** The toy's raw rows, and the logits that `evaluate` gives those of the test split. */
let rows: RawRow[];
let logits: Map<number, number>;

beforeAll(async () => {
  const data = await prepareToy(folder, { rows: 6000 });
  const [header, ...lines] = readFileSync(join(folder, 'rows.csv'), 'utf8').trim().split('\n');
  const columns = header.split(',');
  rows = lines.map((line) => {
    const cells = line.split(',');
    return Object.fromEntries(columns.map((name, i) => [name, cells[i]]));
  });
  const config = resolveConfig({
    model: { dim: 8, hidden: [32, 16], batchNorm: true },
    training: { epochs: 1, batchSize: 500 },
  });
  await train({ data, out: run, config, threads: 1 });
  const evaluated = await evaluate({ run, data, split: 'test', threads: 1 });
  const stored = storedRows(rows.length, (row) => row % 10 === 9);
  logits = new Map(stored.map((row, i) => [row, evaluated.logits[i]]));
  // What follows must do without.
  rmSync(data, { recursive: true });
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

describe('predict', () => {
  it('gives the logits of evaluate, bit for bit, in calls of any size and on any threads', async () => {
    const tested = [...logits.keys()];
    for (const [size, workers, maxBatch] of [
      [1, 1, 4096],
      [7, 2, 16],
      [31, 1, 100],
      [600, 2, 333],
    ]) {
      await withModel({ workers, maxBatch }, async (model) => {
        for (let at = 0; at < tested.length; at += size) {
          const called = tested.slice(at, at + size);
          const { logits: found, probabilities } = await model.predict(called.map((row) => rows[row]));
          expect([...found]).toEqual(called.map((row) => logits.get(row)));
          expect(probabilities[0]).toBe(Math.fround(1 / (1 + Math.exp(-found[0]))));
        }
      });
    }
  });

  it('gives all rows at once what it gives each alone', async () => {
    await withModel({ workers: 2 }, async (model) => {
      const all = await model.predict(rows);
      expect(all.logits).toHaveLength(6000);
      for (const [row, logit] of logits) expect(all.logits[row]).toBe(logit);
    });
  });

  it('keeps concurrent calls apart', async () => {
    await withModel({ maxBatch: 64 }, async (model) => {
      const all = await model.predict(rows);
      const calls = Array.from({ length: 60 }, (_, i) => ({ first: i * 90, count: (i * 37) % 150 }));
      const found = await Promise.all(
        calls.map(({ first, count }) => model.predict(rows.slice(first, first + count))),
      );
      for (const [i, { first, count }] of calls.entries()) {
        expect(found[i].logits).toEqual(all.logits.slice(first, first + count));
      }
    });
  });

  it('counts what it has never seen, and scores it', async () => {
    await withModel({}, async (model) => {
      const { logits: found, oov } = await model.predict([
        { user: 'nobody', item: 'i1', hour: 3 },
        { user: 'somebody', item: null, hour: '3' },
        rows[0],
      ]);
      expect(oov).toEqual({ user: 2, item: 1, hour: 0 });
      expect(found.every(Number.isFinite)).toBe(true);
      expect(await model.predict([])).toEqual({
        logits: new Float32Array(0),
        probabilities: new Float32Array(0),
        oov: { user: 0, item: 0, hour: 0 },
      });
    });
  });

  it('refuses a call with a bad row, and no other', async () => {
    await withModel({ maxBatch: 16 }, async (model) => {
      const good = model.predict(rows.slice(0, 50));
      const misspelt = model.predict([rows[0], { usr: 'u1' }]);
      const wrong = model.predict([...rows.slice(0, 40), { user: {} as unknown as string }]);
      await expect(misspelt).rejects.toThrow(
        "Row 1 has the unknown column 'usr' (known: click, user, item, hour).",
      );
      await expect(wrong).rejects.toThrow(
        "Row 40, column 'user': found 'a value of type object', expected a text",
      );
      expect((await good).logits).toHaveLength(50);
    });
    await withModel({ ignoreUnknown: true }, async (model) => {
      expect((await model.predict([{ ...rows[0], more: 1 }])).logits).toEqual(
        (await model.predict([rows[0]])).logits,
      );
    });
  });

  it('stops one call by its signal', async () => {
    await withModel({ maxBatch: 16 }, async (model) => {
      const controller = new AbortController();
      const heard: number[] = [];
      const stopped = model.predict(rows, {
        signal: controller.signal,
        onProgress({ done }) {
          heard.push(done);
          if (done === 32) controller.abort(new Error('enough'));
        },
      });
      const other = model.predict(rows.slice(0, 100));
      await expect(stopped).rejects.toThrow('enough');
      expect(heard.at(-1)).toBe(32);
      expect((await other).logits).toHaveLength(100);
      await expect(model.predict(rows, { signal: controller.signal })).rejects.toThrow('enough');
    });
  });
});

describe('a model', () => {
  it('says what it wants', async () => {
    await withModel({}, async (model) => {
      expect(model.inputs.map(({ column, fields }) => [column, fields])).toEqual([
        ['user', ['user']],
        ['item', ['item']],
        ['hour', ['hour']],
      ]);
      expect(model.inputs[0].expected).toBe('a text or nothing');
      expect({ epoch: model.epoch, label: model.schema.label }).toEqual({ epoch: 1, label: 'click = 1' });
    });
  });

  it('lets calls end when it is closed, and takes no more', async () => {
    const model = await open(run, { maxBatch: 64 });
    const under = model.predict(rows);
    const closing = model.close();
    await expect(model.predict([rows[0]])).rejects.toThrow(`The model '${run}' is closed.`);
    expect((await under).logits).toHaveLength(6000);
    await closing;
    await model.close();
  });

  it('is refused when the run is damaged or keeps no schema', async () => {
    const copy = join(folder, 'copy');
    cpSync(run, copy, { recursive: true });
    const index = join(copy, 'vocabularies', 'user.index');
    const bytes = readFileSync(index);
    // Whole, but another one.
    cpSync(join(copy, 'vocabularies', 'item.index'), index);
    await expect(open(copy)).rejects.toThrow(/is not the one that the ids come from/);
    bytes[40] ^= 1;
    writeFileSync(index, bytes);
    await expect(open(copy)).rejects.toThrow(/user\.index' is damaged: its checksum is wrong/);
    renameSync(join(copy, 'dataset.json'), join(copy, 'elsewhere'));
    await expect(open(copy)).rejects.toThrow(/keeps no schema and vocabularies/);
    await expect(open(run, { maxBatch: 1 })).rejects.toThrow(UserError);
    await expect(open(join(folder, 'nowhere'))).rejects.toThrow('holds no run');
  });
});

it('is imported, opened and used without DuckDB, and leaves no thread behind', () => {
  const index = new URL('../src/index.js', import.meta.url).href;
  const script = `
    import { open } from '${index}';
    const model = await open(process.argv[1]);
    await model.predict([{ user: 'u1', item: 'i1', hour: 1 }]);
    await model.close();
    const loaded = process.report.getReport().sharedObjects;
    console.log(JSON.stringify([loaded.some((file) => /onnxruntime/.test(file)), loaded.some((file) => /duckdb/.test(file))]));
  `;
  const argv = ['--input-type=module', '--eval', script, run];
  // Ends by itself: nothing calls exit.
  const out = execFileSync(process.execPath, argv, {
    cwd: fileURLToPath(new URL('..', import.meta.url)),
    timeout: 60_000,
  });
  expect(JSON.parse(String(out))).toEqual([true, false]);
});
