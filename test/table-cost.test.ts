// A run scored with other values in its table: with its own it gives the bits that it had, whatever the method stores.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { MethodName } from '../src/embedding/methods.js';
import { evaluate, resolveConfig, train } from '../src/index.js';
import type { RowSource } from '../src/posttraining/quantizer.js';
import type { PartialConfig } from '../src/runs/resolve-config.js';
import { evaluateOpened, openForSplit } from '../src/scoring/evaluate.js';
import { openRun } from '../src/scoring/open-run.js';
import { ReplacedTable } from '../src/scoring/replaced-table.js';
import { TableCost } from '../src/scoring/table-cost.js';
import { tableSource } from '../src/scoring/table-source.js';
import { prepareToy } from './toy-dataset.js';

const folder = mkdtempSync(join(tmpdir(), 'bitrow-table-cost-'));
let data: string;
const runs = new Map<string, Promise<string>>();

beforeAll(async () => {
  data = await prepareToy(folder, { rows: 2000 });
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Trains a run once. */
function trained(name: MethodName, more: PartialConfig = {}): Promise<string> {
  const key = JSON.stringify([name, more]);
  const known = runs.get(key);
  if (known) return known;
  const out = join(folder, `run-${runs.size}`);
  const config = resolveConfig(
    {
      model: { dim: 6, hidden: [8] },
      method: { name },
      training: { epochs: 1, batchSize: 256, patience: 100 },
      optimizer: { learningRate: 0.02 },
      dense: { learningRate: null },
    },
    more,
  );
  const run = train({ data, out, config, threads: 1 }).then(() => out);
  runs.set(key, run);
  return run;
}

/** A table of these values, of the shape of another. */
function sourceOf(values: Float32Array, like: RowSource): RowSource {
  const { name, rows, dim } = like;
  return {
    name,
    rows,
    dim,
    async read(first, out) {
      out.set(values.subarray(first * dim, first * dim + out.length));
    },
  };
}

describe('a table replaced by its own values', () => {
  it.each<[MethodName, PartialConfig]>([
    ['alpt', { method: { bits: 2, hotBits: 8 } }],
    ['lpt-row', {}],
    ['nested', {}],
    ['round', { method: { bits: 2 } }],
    ['hashing', { hashing: { ratio: 3 } }],
    ['full', { model: { name: 'deepfm' } }],
  ])('scores as it did: %s %j', async (name, more) => {
    const run = await trained(name, more);
    const options = { run, data, split: 'test', threads: 2 };
    const opened = await openForSplit(options);
    const replaced = new ReplacedTable(opened.run);
    await replaced.fill(tableSource(opened.run.table));
    const before = await evaluateOpened(opened, options);
    const after = await evaluateOpened({ ...opened, run: replaced.run }, options);
    expect(new Set(before.logits).size).toBeGreaterThan(50);
    expect(after.logits).toEqual(before.logits);
    expect(before.logits).toEqual((await evaluate(options)).logits);
  });
});

describe('the cost of other values', () => {
  it('is what they do to the scores, over all rows and by tenths', async () => {
    const cost = await TableCost.open({ run: await trained('full'), data, split: 'validation', threads: 1 });
    const before = await cost.score();
    const { source, replacement } = cost;
    const values = new Float32Array(source.rows * source.dim);
    await source.read(0, values);
    await replacement.fill(
      sourceOf(
        values.map((value) => -3 * value),
        source,
      ),
    );
    const after = await cost.scoreReplacement();
    expect([before.rows, after.rows]).toEqual([200, 200]);
    expect(before.auc).toBeGreaterThan(Number(after.auc) + 0.01);
    expect(before.deciles).toHaveLength(10);
    for (const [i, decile] of (before.deciles ?? []).entries()) {
      expect(after.deciles?.[i]).toMatchObject({ name: decile.name, rows: 20 });
      expect(after.deciles?.[i].logloss).not.toBe(decile.logloss);
    }
    // The run itself is as it was.
    expect(await cost.score()).toEqual(before);
  });

  it('reads rows that training never wrote as their initial values, in blocks as in one', async () => {
    const { table } = await openRun(await trained('full'), 'best', 1);
    const source = tableSource(table);
    const [whole, blocks] = [1, 2].map(() => new Float32Array(source.rows * source.dim));
    await source.read(0, whole);
    for (let row = 0; row < source.rows; row += 7)
      await source.read(row, blocks.subarray(row * source.dim, (row + 7) * source.dim));
    expect(blocks).toEqual(whole);
    expect(whole.every((value) => value !== 0)).toBe(true);
  });

  it('depends on the rows that the split uses, and on no others', async () => {
    const run = await trained('full');
    const cost = await TableCost.open({ run, data, split: 'test', threads: 1 });
    const { source, replacement } = cost;
    const used = await cost.usedRows();
    expect(used.length).toBeGreaterThan(50);
    expect(used.length).toBeLessThan(source.rows);
    // All rows are zeros but for those that are used, which are as they were.
    await replacement.fill(sourceOf(new Float32Array(source.rows * source.dim), source));
    await replacement.fill(tableSource(cost.run.table, used), used);
    expect(await cost.scoreReplacement()).toEqual(await cost.score());
    await replacement.fill(tableSource(cost.run.table, used.subarray(1)), used.subarray(1));
    const [row] = used;
    await replacement.fill(
      sourceOf(new Float32Array(source.dim), { ...source, rows: 1 }),
      Uint32Array.of(row),
    );
    expect((await cost.scoreReplacement()).logloss).not.toBe((await cost.score()).logloss);
  });

  it('refuses a table of another shape', async () => {
    const cost = await TableCost.open({ run: await trained('full'), data, split: 'test', threads: 1 });
    const rows = { ...cost.source, rows: 3 };
    await expect(cost.replacement.fill(rows)).rejects.toThrow(/^3 rows of 6 in place of \d+ of 6$/);
  });
});
