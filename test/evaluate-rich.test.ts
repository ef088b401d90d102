// `evaluate` on rows with weights and groups: AUC within the data's groups comes by itself, slices and a field's groups
// count a row by its weight. What is expected is computed plainly from the raw rows.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Evaluation, evaluate, resolveConfig, train } from '../src/index.js';
import { bitrow } from './command-line.js';
import { prepareRich, richColumns, richRow } from './rich-dataset.js';
import { storedRows } from './stored-rows.js';

const folder = mkdtempSync(join(tmpdir(), 'bitrow-evaluate-rich-'));
const run = join(folder, 'run');
const total = 3000;
let data: string;
let rows: { label: number; weight: number; logit: number; user: string; item: string }[];
let plain: Evaluation;

beforeAll(async () => {
  data = await prepareRich(folder, { rows: total });
  const config = resolveConfig({
    model: { dim: 4, hidden: [8] },
    training: { epochs: 2, batchSize: 256 },
  });
  await train({ data, out: run, config, threads: 1 });
  plain = await evaluate({ run, data, threads: 1 });
  const at = (name: string) => richColumns.indexOf(name);
  rows = storedRows(total, (row) => row % 10 === 9).map((row, i) => {
    const cells = richRow(row);
    return {
      label: Number(cells[at('click')]),
      weight: Number(cells[at('weight')]),
      logit: plain.logits[i],
      user: cells[at('user')],
      item: cells[at('item')].toLowerCase(),
    };
  });
});
afterAll(() => rmSync(folder, { recursive: true }));

type Row = (typeof rows)[number];
const sum = (some: readonly Row[], of: (row: Row) => number) => some.reduce((all, row) => all + of(row), 0);

/** Pair by pair: the share of weight where the one is above the zero. Null with one class. */
function weightedAuc(some: readonly Row[]): number | null {
  let [above, all] = [0, 0];
  for (const one of some.filter(({ label }) => label === 1)) {
    for (const zero of some.filter(({ label }) => label === 0)) {
      const weight = one.weight * zero.weight;
      all += weight;
      above += one.logit > zero.logit ? weight : one.logit === zero.logit ? weight / 2 : 0;
    }
  }
  return all === 0 ? null : above / all;
}

function within(groupOf: (row: Row) => string | null) {
  const groups = new Map<string | null, Row[]>();
  for (const row of rows) groups.set(groupOf(row), [...(groups.get(groupOf(row)) ?? []), row]);
  const named = [...groups].filter(([name]) => name !== null).map(([, some]) => some);
  const both = named.filter((some) => weightedAuc(some) !== null);
  const weightOf = (some: readonly Row[]) => sum(some, ({ weight }) => weight);
  const weights = both.map(weightOf).reduce((a, b) => a + b, 0);
  return {
    auc: both.reduce((all, some) => all + (weightedAuc(some) ?? 0) * weightOf(some), 0) / weights,
    groups: both.length,
    rows: both.flat().length,
    oneClassGroups: named.length - both.length,
    ungroupedRows: groups.get(null)?.length ?? 0,
  };
}

it('reports the AUC within the groups of the data by itself; rows without a group are in none', () => {
  const expected = within(({ user }) => (user === '' ? null : user));
  expect(expected.ungroupedRows).toBeGreaterThan(0);
  expect(plain.grouped).toMatchObject({
    by: 'group',
    ...expected,
    auc: expect.closeTo(expected.auc, 10),
  });
  expect(plain.auc).toBeCloseTo(weightedAuc(rows) ?? 0, 10);
});

it('takes the groups of a field where one is asked for, weighted alike', async () => {
  const { grouped } = await evaluate({ run, data, threads: 2, group: 'item' });
  const expected = within(({ item }) => item);
  expect(grouped).toMatchObject({ by: 'item', ...expected, auc: expect.closeTo(expected.auc, 10) });
});

it('weighs the rows of slices', async () => {
  const { slices } = await evaluate({ run, data, threads: 1, by: 'item', top: 100 });
  expect(slices?.slices.length).toBe(40);
  for (const slice of slices?.slices ?? []) {
    const some = rows.filter(({ item }) => item === slice.name);
    const weight = sum(some, (row) => row.weight);
    const loss = sum(
      some,
      (row) => row.weight * Math.log1p(Math.exp(row.label === 1 ? -row.logit : row.logit)),
    );
    expect(slice.rows).toBe(some.length);
    expect(slice.positives).toBe(sum(some, ({ label }) => label));
    expect(slice.logloss).toBeCloseTo(loss / weight, 6);
    expect(slice.calibration?.observed).toBeCloseTo(sum(some, (row) => row.weight * row.label) / weight, 10);
    const auc = weightedAuc(some);
    if (auc === null) expect(slice.auc).toBeNull();
    else expect(slice.auc).toBeCloseTo(auc, 10);
  }
});

it('prints it, also by frequency, and gives it as JSON without the rows', async () => {
  const argv = ['evaluate', run, '--data', data, '--threads', '1'];
  const { code, out } = await bitrow([...argv, '--by', 'frequency']);
  expect(code).toBe(0);
  expect(out).toMatch(
    /AUC within groups +0\.\d+ +\(by group: 2\d groups, .*left out: .*\d+ rows without a group\)/,
  );
  expect(out).toMatch(/on test, 300 rows, each counted by its weight\n/);
  expect(out).toMatch(/rarest feature in training/);
  const json = JSON.parse((await bitrow([...argv, '--json'])).out);
  expect(json.grouped.auc).toBe(plain.grouped?.auc);
  expect(Object.keys(json)).not.toContain('weights');
  const predictions = join(folder, 'predictions.csv');
  expect((await bitrow([...argv, '--predictions', predictions])).code).toBe(0);
  expect(readFileSync(predictions, 'utf8').trim().split('\n')).toHaveLength(rows.length + 1);
});
