// Both executors over every row of the data sets themselves, where they are (data/real-files.test.ts); of flights the
// first 100,000, all of them in experiments/executors.ts.
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { type DatasetName, datasets } from '../src/data/datasets/registry.js';
import { prepare } from '../src/data/prepare.js';
import { compareExecutors } from './compare-executors.js';
import { avazuFile, criteoLine, libfmLine, lines, testFolder } from './fixtures/invented-files.js';

const out = mkdtempSync(join(tmpdir(), 'bitrow-both-'));
const invented = testFolder();
afterAll(() => {
  rmSync(out, { recursive: true });
  invented.remove();
});

// dist/test/ → the project → beside it.
const samples = fileURLToPath(new URL('../../../shared/data/', import.meta.url));

async function compare(name: DatasetName, input: string[], rows?: number) {
  const place = join(out, `${name}${input.join().replaceAll(/\W/g, '')}`);
  await prepare({ dataset: name, input, out: place, rows });
  const { format, inputs } = datasets[name];
  return compareExecutors(place, inputs(input), format);
}

test('invented rows of criteo, avazu and frappe', async () => {
  const criteo = invented.write('train.txt', lines(3000, criteoLine));
  const avazu = invented.write('train.csv.gz', avazuFile(3000));
  invented.write('frappe/train.libfm', lines(2000, libfmLine));
  invented.write('frappe/validation.libfm.gz', lines(500, libfmLine));
  expect(await compare('criteo', [criteo])).toMatchObject({ rows: 3000, fields: 39, differences: 0 });
  expect(await compare('avazu', [avazu])).toMatchObject({ rows: 3000, fields: 24, differences: 0 });
  expect(await compare('frappe', [invented.path('frappe')])).toMatchObject({ rows: 2500, differences: 0 });
});

test('flights', async (context) => {
  try {
    createRequire(import.meta.url).resolve('vega-datasets');
  } catch {
    context.skip('the package vega-datasets is not installed');
  }
  expect(await compare('flights', [], 100_000)).toMatchObject({
    rows: 100_000,
    fields: 24,
    differences: 0,
    typedRows: 100_000,
  });
});

for (const [name, path, rows] of [
  ['criteo', 'criteo/train_first8000.txt.gz', 8000],
  ['avazu', 'avazu/train_first7999.csv.gz', 7999],
  ['frappe', 'frappe', 259_749],
  ['movielens', 'ml-100k', 100_000],
] as const) {
  test(`the copy of ${name}`, async (context) => {
    if (!existsSync(samples + path)) context.skip(`${path} is not there`);
    expect(await compare(name, [samples + path])).toMatchObject({ rows, differences: 0 });
  });
}
