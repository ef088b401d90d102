// MovieLens from its three files to predictions, where a copy of them is; its schema has a bag, the genres.
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { openDatabase } from '../src/data/database.js';
import { evaluate, open, predictFiles, prepare, resolveConfig, train } from '../src/index.js';
import { bitrow } from './command-line.js';
import { storedRows } from './stored-rows.js';

const folder = mkdtempSync(join(tmpdir(), 'bitrow-movielens-'));
afterAll(() => rmSync(folder, { recursive: true }));
const place = (name: string) => join(folder, name);
// dist/test/ → the project → beside it.
const files = fileURLToPath(new URL('../../../shared/data/ml-100k', import.meta.url));
const isThere = existsSync(files);

describe('movielens', () => {
  it('is prepared, trained, evaluated and predicted, all with the same logits', async (context) => {
    if (!isThere) context.skip('ml-100k is not there');
    const [data, run, out] = [place('data'), place('run'), place('predictions.parquet')];
    const manifest = await prepare({
      dataset: 'movielens',
      input: [files],
      out: data,
      split: 'modulus',
      threads: 2,
    });
    expect(manifest.fields.find(({ name }) => name === 'genres')?.bag).toEqual({
      pooling: 'mean',
      longest: 6,
    });
    const config = resolveConfig({
      model: { dim: 8, hidden: [32] },
      method: { name: 'alpt', bits: 8 },
      training: { epochs: 1, batchSize: 256 }, // 313 steps
    });
    await train({ data, out: run, config, threads: 2 });

    const evaluated = await evaluate({
      run,
      data,
      threads: 1,
      by: 'occupation',
      top: 3,
      group: 'user',
      batchRows: 500,
    });
    expect(evaluated.auc).toBeGreaterThan(0.72);
    expect(evaluated.slices?.slices.map(({ name }) => name)).toEqual([
      'student',
      'other',
      'educator',
      '(18 other values)',
    ]);
    expect(evaluated.slices?.slices.reduce((sum, { rows }) => sum + rows, 0)).toBe(10_000);
    expect(evaluated.grouped?.by).toBe('user');
    const byGenres = await bitrow(['evaluate', run, '--data', data, '--by', 'genres']);
    expect(byGenres).toEqual({
      code: 2,
      out: '',
      err: expect.stringMatching(
        /^The field 'genres' holds a list in each row.*\nhelp: name a field with one/,
      ),
    });

    const predicted = await predictFiles({ run, input: [files], out, keep: ['item', 'year'], threads: 2 });
    expect(predicted.rows).toBe(100_000);
    expect(predicted.values.genres).toBeGreaterThan(200_000);
    const database = await openDatabase({ directory: folder, threads: 1, memoryBytes: 2e8 });
    const rows = await database.query(`SELECT * FROM '${out}' ORDER BY row`);
    database.close();
    const stored = storedRows(100_000, (row) => row % 10 === 9);
    expect(stored.map((row) => rows[row].logit)).toEqual([...evaluated.logits]);
    expect(Object.keys(rows[0])).toEqual(['row', 'probability', 'logit', 'item', 'year']);

    await expect(predictFiles({ run, input: [files], out: place('x.csv'), keep: ['title'] })).rejects.toThrow(
      /u\.data.*: a rating has no column 'title' \(it has: user, item, rating, /,
    );

    // The first rating: user 196 of film 242, "Kolya".
    const model = await open(run);
    const { logits } = await model.predict([
      {
        user: 196,
        item: 242,
        timestamp: 881250949,
        age: 49,
        gender: 'M',
        occupation: 'writer',
        zip: '55105',
        genres: 'Comedy',
        year: '1997',
      },
    ]);
    expect(logits[0]).toBe(rows[0].logit);
    await model.close();
  });
});
