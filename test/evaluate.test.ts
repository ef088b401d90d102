// `evaluate` beyond metrics of all rows: slices, groups, predictions.
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { frequencyDeciles } from '../src/scoring/frequency-deciles.js';
import type { Slice } from '../src/scoring/row-watch.js';
import { bitrow } from './command-line.js';
import { prepareToy } from './toy-dataset.js';

const folder = mkdtempSync(join(tmpdir(), 'bitrow-evaluate-'));
const place = (name: string) => join(folder, name);
let data: string;
let plain: Record<string, unknown>;
beforeAll(async () => {
  data = await prepareToy(folder, { rows: 4000 });
  const small = ['--set', 'model.hidden=[8]', '--dim', '4', '--batch-size', '512', '--threads', '1'];
  const trained = ['train', '--data', data, '--out', place('run'), '--epochs', '1', ...small];
  expect((await bitrow(trained)).code).toBe(0);
  plain = await evaluate();
});
afterAll(() => rmSync(folder, { recursive: true }));

const argv = (...more: string[]) => ['evaluate', place('run'), '--data', data, '--threads', '1', ...more];
async function evaluate(...more: string[]) {
  const { code, out, err } = await bitrow(argv(...more, '--json'));
  expect({ code, err }).toEqual({ code: 0, err: '' });
  return JSON.parse(out);
}

/** Rows of a query, numbers as numbers. */
async function query(sql: string): Promise<Record<string, unknown>[]> {
  const connection = await (await DuckDBInstance.create(':memory:')).connect();
  const rows = (await connection.runAndReadAll(sql)).getRowObjectsJS();
  connection.closeSync();
  const number = (value: unknown) => (typeof value === 'bigint' ? Number(value) : value);
  return rows.map((row) => Object.fromEntries(Object.entries(row).map(([k, v]) => [k, number(v)])));
}

const sum = (slices: Slice[], key: 'rows' | 'positives') =>
  slices.reduce((total, slice) => total + slice[key], 0);

describe('bitrow evaluate --by', () => {
  it('cuts the rows by the values of a field, as a query counts them', async () => {
    const { slices, ...metrics } = await evaluate('--by', 'item', '--top', '4');
    expect(metrics).toEqual(plain);
    expect(slices.by).toBe('item');
    const expected = await query(
      `SELECT value AS name, count(*) AS rows, sum(label)::INT AS positives
       FROM '${data}/test.parquet' JOIN '${data}/vocabularies/item.parquet' ON item = id
       GROUP BY id, value ORDER BY rows DESC, id LIMIT 4`,
    );
    expect(slices.slices.slice(0, 4)).toMatchObject(expected);
    expect(slices.slices[4].name).toBe('(36 other values)');
    expect(sum(slices.slices, 'rows')).toBe(400);
    expect(sum(slices.slices, 'positives')).toBe(
      Math.round((plain.calibration as { observed: number }).observed * 400),
    );
  });

  it('cuts them by the training count of the rarest feature', async () => {
    const { slices } = await evaluate('--by', 'frequency');
    const counts = await query(
      `SELECT least(u.count, i.count, h.count) AS least FROM '${data}/test.parquet' AS rows
       JOIN '${data}/vocabularies/user.parquet' u ON rows.user = u.id
       JOIN '${data}/vocabularies/item.parquet' i ON rows.item = i.id
       JOIN '${data}/vocabularies/hour.parquet' h ON rows.hour = h.id`,
    );
    const within = (low: number, high: number) =>
      counts.filter(({ least }) => Number(least) >= low && Number(least) <= high).length;
    const rows = Object.fromEntries(slices.slices.map((slice: Slice) => [slice.name, slice.rows]));
    expect(rows).toEqual({ '20 to 49': within(20, 49), '50 to 99': within(50, 99) });
    const { out } = await bitrow(argv('--by', 'frequency'));
    expect(out).toMatch(/\n {2}rarest feature in training +rows +positives .+\n {2}20 to 49 +\d+ /);
  });

  it('cuts them into tenths by the mean of the logarithms of all training counts', async () => {
    const { slices } = await evaluate('--by', 'deciles');
    const expected = await query(
      `WITH counted AS (
         SELECT rows.label, (ln(1 + u.count) + ln(1 + i.count) + ln(1 + h.count)) / 3 AS mean,
           rows.file_row_number AS place
         FROM read_parquet('${data}/test.parquet', file_row_number = true) AS rows
         JOIN '${data}/vocabularies/user.parquet' u ON rows.user = u.id
         JOIN '${data}/vocabularies/item.parquet' i ON rows.item = i.id
         JOIN '${data}/vocabularies/hour.parquet' h ON rows.hour = h.id)
       SELECT count(*) AS rows, sum(label)::INT AS positives
       FROM (SELECT label, ntile(10) OVER (ORDER BY round(mean, 12), place) AS part FROM counted)
       GROUP BY part ORDER BY part`,
    );
    expect(slices.slices).toMatchObject(expected);
    expect(expected).toHaveLength(10);
    const deciles = await frequencyDeciles({ run: place('run'), data, split: 'test', threads: 2 });
    const metrics = ({ rows, auc, logloss }: Slice) => ({ auc, logloss, rows });
    expect(deciles).toEqual(slices.slices.map(metrics));
    expect((await bitrow(argv('--by', 'deciles'))).out).toMatch(
      /\n {2}features in training, geometric mean +rows .+\n {2}tenth 1: [\d.]+ to [\d.]+ +40 /,
    );
  });

  it('refuses a field there is not, and --top where it means nothing', async () => {
    expect(await bitrow(argv('--by', 'itme'))).toMatchObject({
      code: 2,
      err: "Unknown field 'itme' (known: frequency, deciles, user, item, hour).\n",
    });
    expect((await bitrow(argv('--by', 'frequency', '--top', '3'))).code).toBe(2);
    expect((await bitrow(argv('--by', 'deciles', '--top', '3'))).code).toBe(2);
    expect((await bitrow(argv('--group', 'itme'))).err).toBe(
      "Unknown field 'itme' (known: user, item, hour).\n",
    );
  });
});

it('bitrow evaluate --group gives the AUC within groups', async () => {
  const { grouped } = await evaluate('--group', 'user');
  expect(grouped).toMatchObject({ by: 'user', ungroupedRows: 0 });
  expect(grouped.rows + grouped.oneClassRows).toBe(400);
  // Within a user nothing can be won by knowing users, which is half of what there is to know.
  expect(grouped.auc).toBeLessThan(plain.auc as number);
  expect((await bitrow(argv('--group', 'user'))).out).toMatch(
    /AUC within groups {3}0\.\d{6} {3}\(by user: \d+ groups, \d+ rows; left out: \d+ groups of one class/,
  );
});

describe('bitrow evaluate --predictions', () => {
  it.each(['csv', 'jsonl', 'parquet'])('writes every row as .%s', async (extension) => {
    const file = place(`predictions.${extension}`);
    const options = ['--by', 'hour', '--group', 'user', '--predictions', file];
    expect(await evaluate(...options)).toMatchObject({ ...plain, predictions: file });
    const [first] = await query(`SELECT * FROM '${file}'`);
    expect(Object.keys(first)).toEqual(['row', 'label', 'logit', 'probability', 'slice', 'group']);
    // Position by position the rows of the split: label, and the values of the two fields.
    const [{ same, best }] = await query(
      `SELECT count(*) AS same, max(abs(p.probability - 1 / (1 + exp(-p.logit)))) AS best
       FROM '${file}' p POSITIONAL JOIN '${data}/test.parquet' rows
       JOIN '${data}/vocabularies/user.parquet' u ON rows.user = u.id
       JOIN '${data}/vocabularies/hour.parquet' h ON rows.hour = h.id
       WHERE p.label = rows.label AND p."group" = u.value
         AND (CAST(p.slice AS VARCHAR) = h.value OR p.slice = '(4 other values)')`,
    );
    expect(same).toBe(400);
    expect(best).toBeLessThan(1e-9);
    // Every logit in every bit: the logloss comes out the same.
    const [{ logloss }] = await query(
      `SELECT avg(ln(1 + exp(CASE WHEN label = 1 THEN -logit::DOUBLE ELSE logit::DOUBLE END))) AS logloss FROM '${file}'`,
    );
    expect(logloss).toBeCloseTo(plain.logloss as number, 12);
  });

  it('refuses a file that exists before it scores, and replaces it with --force', async () => {
    const file = place('there.csv');
    writeFileSync(file, 'mine');
    expect(await bitrow(argv('--predictions', file))).toMatchObject({
      code: 1,
      err: `The output file '${file}' exists.\nhelp: choose another name, or pass --force to replace it\n`,
    });
    expect(readFileSync(file, 'utf8')).toBe('mine');
    await evaluate('--predictions', file, '--force');
    expect(readFileSync(file, 'utf8').split('\n').length).toBe(402);
    expect((await bitrow(argv('--predictions', place('p.txt')))).err).toMatch(
      /^The file '.+p.txt' has no extension that says its format \(known: .csv, .jsonl, .parquet\)/,
    );
    expect(existsSync(place('p.txt'))).toBe(false);
    await evaluate('--predictions', place('q.txt'), '--format', 'csv');
    expect(readFileSync(place('q.txt'), 'utf8')).toBe(readFileSync(file, 'utf8'));
    expect((await bitrow(argv('--format', 'csv'))).err).toMatch(
      /^The option --format needs --predictions FILE/,
    );
    expect(readdirSync(folder).filter((name) => name.includes('partial'))).toEqual([]);
  });
});
