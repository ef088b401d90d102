import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { prepare } from '../data/prepare.js';
import { auc } from '../metrics/auc.js';
import { LogitHistogram } from './best-metrics.js';
import { type GenerateOptions, generate } from './generate.js';
import { hourOf, scrambled } from './line-writer.js';
import { shapes } from './registry.js';

const folder = mkdtempSync(join(tmpdir(), 'bitrow-generate-'));
const place = (name: string) => join(folder, name);
afterAll(() => rmSync(folder, { recursive: true }));

const make = (out: string, more: Partial<GenerateOptions> = {}) =>
  generate({ like: 'criteo', rows: 20_000, threads: 1, out: place(out), ...more });
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
const file = (name: string) => readFileSync(place(name));

describe('generate', () => {
  it('makes the same file with any number of threads, and another one for another seed', async () => {
    const one = await make('one.tsv');
    // Three blocks: with two threads a second round.
    const two = await make('two.tsv', { threads: 2 });
    expect(sha256(file('two.tsv'))).toBe(sha256(file('one.tsv')));
    expect(two).toEqual(one);
    expect(one.sizeBytes).toBe(file('one.tsv').length);
    const other = await make('other.tsv', { seed: 2 });
    expect(other.best.auc).not.toBe(one.best.auc);
    // The compressed file holds the same, block after block.
    await make('one.tsv.gz', { threads: 2 });
    expect(sha256(gunzipSync(file('one.tsv.gz')))).toBe(sha256(file('one.tsv')));
  });

  it.each([
    { like: 'criteo', out: 'like.tsv.gz' },
    { like: 'avazu', out: 'like.csv' },
  ] as const)('makes what `prepare $like` reads, as many features as expected', async ({ like, out }) => {
    const rows = 20_000;
    const made = await make(out, { like, rows });
    const data = place(`data-${like}`);
    const manifest = await prepare({
      dataset: like,
      input: [place(out)],
      out: data,
      minCount: 1,
      vocabulary: 'all',
      threads: 2,
    });
    expect(manifest.splits.reduce((sum, split) => sum + split.rows, 0)).toBe(rows);
    expect(manifest.splits.reduce((sum, split) => sum + split.positives, 0)).toBe(made.positives);
    // The rate has the published one as its mean; three standard deviations, and what the sample for the bias leaves.
    expect(Math.abs(made.positives / rows - shapes[like].positiveRate)).toBeLessThan(0.012);
    const names = shapes[like].categories.map(({ name }) => name);
    const sizes = manifest.vocabularies
      .filter(({ name }) => names.includes(name))
      .map(({ size }) => size - 1);
    const features = sizes.reduce((sum, size) => sum + size, 0);
    expect(Math.abs(features / made.expectedFeatures.atLeast1 - 1)).toBeLessThan(0.01);
  });

  it('writes a file whole or not at all', async () => {
    await make('there.tsv', { rows: 10 });
    await expect(make('there.tsv')).rejects.toThrow(/exists/);
    await make('there.tsv', { rows: 12, force: true });
    expect(file('there.tsv').toString().trimEnd().split('\n')).toHaveLength(12);
    const controller = new AbortController();
    const stopped = make('stopped.tsv', { onProgress: () => controller.abort(), signal: controller.signal });
    await expect(stopped).rejects.toThrow();
    expect(
      readdirSync(folder).filter((name) => name.includes('stopped') || name.includes('partial')),
    ).toEqual([]);
  });
});

it('the histogram gives the AUC of the logits to four digits', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.double({ min: -9, max: 9, noNaN: true }), fc.constantFrom(0, 1)), {
        minLength: 2,
      }),
      (rows) => {
        const histogram = new LogitHistogram();
        const rounded = rows.map(([logit, label]) => [Math.round(logit * 100) / 100 + 0.001, label] as const);
        for (const [logit, label] of rounded) histogram.add(logit, label === 1 ? 1 : 0);
        const exact = auc(
          Float32Array.from(rounded, ([logit]) => logit),
          Float32Array.from(rounded, ([, label]) => label),
        );
        if (exact === null) expect(histogram.auc()).toBeNull();
        else expect(histogram.auc()).toBeCloseTo(exact, 12);
      },
    ),
  );
});

it('values of a field never meet, and hours run over ten days', () => {
  fc.assert(
    fc.property(fc.nat(25), fc.nat(2 ** 32 - 1), (field, rank) => {
      expect(unscrambled(scrambled(rank, field), field)).toBe(rank);
    }),
  );
  const hours = Array.from({ length: 480 }, (_, row) => hourOf(row, 480));
  expect([hours[0], hours[1], hours[2], hours[47], hours[48], hours[479]]).toEqual([
    14102100, 14102100, 14102101, 14102123, 14102200, 14103023,
  ]);
  expect(new Set(hours).size).toBe(240);
});

/** The way back: the steps of MurmurHash3's finalizer undone, with the inverses of its factors modulo 2^32. */
function unscrambled(text: number, field: number): number {
  let x = Math.imul(text ^ (text >>> 16), 0x7ed1b41d);
  x = Math.imul(x ^ (x >>> 13) ^ (x >>> 26), 0xa5cb9243);
  x ^= x >>> 16;
  return (x ^ Math.imul(field + 1, 0x9e3779b1)) >>> 0;
}
