// Retraining over five days of flights, each day's rows encoded alone and learned from with yesterday's weights: no id
// changes its meaning, and no row changes that the day does not have.
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { afterAll, expect, it } from 'vitest';
import { readBatches } from '../src/batch/reader.js';
import { datasets } from '../src/data/datasets/registry.js';
import { type EncodedDataset, loadDataset } from '../src/data/encoded-dataset.js';
import { prepare } from '../src/data/prepare.js';
import { resolveConfig } from '../src/runs/resolve-config.js';
import { evaluate } from '../src/scoring/evaluate.js';
import { open } from '../src/scoring/open.js';
import { train } from '../src/training/train.js';

const DAYS = 5;
const ROWS = 1500;
const folder = mkdtempSync(join(tmpdir(), 'bitrow-days-'));
afterAll(() => rmSync(folder, { recursive: true }));
const place = (name: string, day: number) => join(folder, `${name}${day}`);

const config = resolveConfig({
  model: { dim: 4, hidden: [8] },
  method: { name: 'alpt', bits: 4 },
  training: { batchSize: 200, epochs: 1 },
});

it('five days of flights', async (context) => {
  try {
    createRequire(import.meta.url).resolve('vega-datasets');
  } catch {
    context.skip('the package vega-datasets is not installed');
  }
  const connection = await (await DuckDBInstance.create(':memory:')).connect();
  const [{ path }] = datasets.flights.inputs([]);
  for (let day = 1; day <= DAYS; day++) {
    await connection.run(
      `COPY (SELECT * FROM read_parquet('${path}') WHERE date >= DATE '2001-01-0${day}' AND date < DATE '2001-01-0${day + 1}'
        ORDER BY ALL LIMIT ${ROWS}) TO '${place('rows', day)}' (FORMAT parquet)`,
    );
    const before = day > 1 ? day - 1 : undefined;
    const extend = before === undefined ? undefined : place('data', before);
    await prepare({
      dataset: 'flights',
      input: [place('rows', day)],
      out: place('data', day),
      extend,
      threads: 1,
    });
    const from = before === undefined ? undefined : place('run', before);
    await train({ data: place('data', day), out: place('run', day), config, from, threads: 1 });
    if (before !== undefined) await compare(connection, before, day);
  }
  connection.closeSync();

  // What the fifth day knows is not lost on the first day's run: values that came later are OOV to it.
  const { rows, auc } = await evaluate({ run: place('run', 1), data: place('data', DAYS), split: 'test' });
  expect(rows).toBeGreaterThan(100);
  expect(auc).toBeGreaterThan(0.3);
});

async function compare(connection: DuckDBConnection, before: number, day: number): Promise<void> {
  const [old, now] = [await loadDataset(place('data', before)), await loadDataset(place('data', day))];
  expect(now.manifest.extends).toEqual([...(old.manifest.extends ?? []), old.manifest.fingerprint]);
  const models = [
    await open(place('run', before), { checkpoint: 'last' }),
    await open(place('run', day), { checkpoint: 'last' }),
  ];
  const seen = await idsOf(now);
  let untouched = 0;
  let touched = 0;
  let added = 0;
  for (const [f, { name, vocabulary }] of now.manifest.fields.entries()) {
    const [kept, all] = [
      await values(connection, old, vocabulary),
      await values(connection, now, vocabulary),
    ];
    expect(all.slice(0, kept.length)).toEqual(kept);
    added += all.length - kept.length;
    const [then, later] = models.map((model) => model.embeddings(name, kept));
    expect(later.ids).toEqual(then.ids);
    const row = ({ values, steps, dim }: typeof then, i: number) => [
      ...values.subarray(i * dim, (i + 1) * dim),
      steps[i],
    ];
    for (const i of kept.keys()) {
      if (seen[f].has(then.ids[i])) touched += row(later, i).join() === row(then, i).join() ? 0 : 1;
      else {
        untouched++;
        expect(row(later, i)).toEqual(row(then, i));
      }
    }
  }
  for (const model of models) await model.close();
  // And not because nothing happened.
  expect(Math.min(untouched, touched, added)).toBeGreaterThan(100);
}

/** The values of a vocabulary in the order of their ids. */
async function values(connection: DuckDBConnection, { dir, manifest }: EncodedDataset, name: string) {
  const file = manifest.vocabularies.find((vocabulary) => vocabulary.name === name)?.file ?? '';
  const result = await connection.runAndReadAll(
    `SELECT value FROM read_parquet('${join(dir, file)}') WHERE id > 0 ORDER BY id`,
  );
  return result.getColumnsJS()[0] as (string | null)[];
}

/** Per field, the ids that the rows to learn from have. */
async function idsOf(dataset: EncodedDataset): Promise<Set<number>[]> {
  const fields = dataset.manifest.fields.length;
  const ids = Array.from({ length: fields }, () => new Set<number>());
  for await (const batch of readBatches(dataset, { split: 'train', batchSize: 1000, order: 'stored' })) {
    for (let i = 0; i < batch.ids.length; i++) ids[i % fields].add(batch.ids[i]);
  }
  return ids;
}
