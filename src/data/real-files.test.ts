// The data sets themselves, where they are: flights from its package, samples of the others from a folder beside
// the project that is not part of it.
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { testFolder } from '../../test/fixtures/invented-files.js';
import { prepare } from './prepare.js';

const folder = testFolder();
afterAll(() => folder.remove());

// dist/src/data/ → the project → beside it.
const samples = fileURLToPath(new URL('../../../../shared/data/', import.meta.url));
const sample = (path: string) => (existsSync(samples + path) ? samples + path : undefined);
const skipped = (path: string) => `${path} is not there`;

test('flights has 2,105,346 table rows', async (context) => {
  try {
    createRequire(import.meta.url).resolve('vega-datasets');
  } catch {
    context.skip('the package vega-datasets is not installed');
  }
  const { splits, vocabularies, fields } = await prepare({ dataset: 'flights', out: folder.path('flights') });
  expect(fields).toHaveLength(24);
  expect(vocabularies.reduce((sum, { size }) => sum + size, 0)).toBe(2_105_346);
  expect(splits.map(({ rows, positives }) => [rows, positives])).toEqual([
    [2_400_000, 478_927],
    [300_000, 60_093],
    [300_000, 60_035],
  ]);
});

// SELECT count(DISTINCT (origin, destination, hour(date) * 100 + minute(date))) … in DuckDB, without bitrow.
test('without threshold, on all rows, flights has every value there is', async (context) => {
  if (!process.env.BITROW_SLOW_TESTS) context.skip('slow; set BITROW_SLOW_TESTS=1');
  const out = folder.path('flights1');
  const { vocabularies } = await prepare({ dataset: 'flights', out, minCount: 1, vocabulary: 'all' });
  const sizes = Object.fromEntries(vocabularies.map(({ name, size }) => [name, size - 1]));
  expect(sizes).toMatchObject({
    origin_day_hour: 424_259,
    destination_day_hour: 435_884,
    route_day: 570_842,
    route_hhmm: 734_104,
    route_hhmm_weekday: 1_779_564,
  });
});

test('the criteo sample', async (context) => {
  const input = sample('criteo/train_first8000.txt.gz') ?? context.skip(skipped('criteo'));
  const manifest = await prepare({ dataset: 'criteo', input: [input], out: folder.path('criteo') });
  const rows = manifest.splits.reduce((sum, split) => sum + split.rows, 0);
  const positives = manifest.splits.reduce((sum, split) => sum + split.positives, 0);
  expect([rows, Math.round((100 * positives) / rows)]).toEqual([8000, 22]);
});

test('the avazu sample', async (context) => {
  const input = sample('avazu/train_first7999.csv.gz') ?? context.skip(skipped('avazu'));
  const manifest = await prepare({ dataset: 'avazu', input: [input], out: folder.path('avazu') });
  const rows = manifest.splits.reduce((sum, split) => sum + split.rows, 0);
  const positives = manifest.splits.reduce((sum, split) => sum + split.positives, 0);
  expect([manifest.fields.length, rows, Math.round((100 * positives) / rows)]).toEqual([24, 7999, 17]);
  // Every row is one hour.
  expect(manifest.vocabularies.slice(0, 3).map(({ size }) => size)).toEqual([2, 2, 2]);
});

test('frappe', async (context) => {
  const input = sample('frappe') ?? context.skip(skipped('frappe'));
  const { splits } = await prepare({ dataset: 'frappe', input: [input], out: folder.path('frappe') });
  expect(splits.map(({ name, rows }) => [name, rows])).toEqual([
    ['train', 202_027],
    ['validation', 57_722],
  ]);
  expect(splits.map(({ rows, positives }) => Math.round((1e4 * positives) / rows))).toEqual([3346, 3303]);
});
