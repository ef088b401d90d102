// The post-training page from results made by hand: which number stands where, what is left out, what is concluded.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Comparison } from '../../reports/comparison.js';
import type { PageTable } from './page.js';
import { plan, posttrainingDims } from './posttraining.js';
import { type MeasuredWay, spread } from './posttraining-measure.js';
import { posttrainingPage } from './posttraining-page.js';
import type { PosttrainingResults } from './posttraining-results.js';
import { defaultWays, isScored, parseWays, wayTitle } from './posttraining-ways.js';

const comparison: Comparison = {
  format: 'bitrow-comparison-1',
  bitrow: '0.1.0',
  made: '2026-01-01T00:00:00.000Z',
  command: 'bitrow reproduce posttraining',
  machine: { cpu: 'none', cores: 2, node: 'v20', onnxruntime: '1.30.0' },
  data: {
    dataset: 'flights',
    path: '/data',
    fingerprint: '0',
    fields: 24,
    features: 5000,
    rows: {},
    positiveRate: 0.2,
  },
  split: 'test',
  seeds: [1, 2],
  variants: [],
};

const V = 5000;

/** A way whose error is `meanError`, and logloss that of fp32 and `more`. */
function way(meanError: number, bytes: number, logloss: number | null): MeasuredWay {
  const errors = { meanError, worstError: 1, worstRow: 0, tableError: meanError, degenerateRows: 0 };
  return {
    errors: { ...errors, rowsWorseThanMinMax: 250 },
    rows: 1000,
    bytes,
    scores: logloss === null ? null : { rows: 100, auc: 0.75, logloss },
    seconds: 1,
  };
}

/** Two widths and two seeds; the second seed's logloss is 0.01 more, in fp32 as quantized. */
function results(
  names: readonly string[],
  of: (name: string, dim: number) => [error: number, more: number | null],
) {
  const ways = parseWays(names);
  const widths = [8, 16].map((dim) => ({
    dim,
    runs: [1, 2].map((seed) => {
      const fp32 = 0.4 + 0.01 * (seed - 1);
      const measured = ways.map(({ name }): [string, MeasuredWay] => {
        const [error, more] = of(name, dim);
        // The seeds differ a little in what quantizing costs.
        return [
          name,
          way(error, V * (dim / 2 + 4), more === null ? null : fp32 + more + 1e-5 * (seed - 1.5)),
        ];
      });
      const scores = { rows: 100, auc: 0.75, logloss: fp32 };
      return { seed, measured: { rows: V, dim, usedRows: V, scores, ways: new Map(measured) } };
    }),
  }));
  return { comparison, split: 'test', ways, widths } satisfies PosttrainingResults;
}

async function tables(of: PosttrainingResults): Promise<Record<string, PageTable>> {
  const { sections } = await posttrainingPage(of);
  let heading = '';
  const found: Record<string, PageTable> = {};
  for (const section of sections) {
    if (section.kind === 'heading') heading = section.text;
    if (section.kind === 'table') found[heading] = section.table;
  }
  return found;
}

const row = (table: PageTable | undefined, name: string) =>
  table?.rows.find((each) => each.name === name)?.cells;

describe('the page', () => {
  const names = ['minmax:4:fp32', 'greedy-paper:4:fp32', 'greedy-paper:4:fp16', 'hist-brute:4:fp32'];
  const made = results(names, (name, dim) => {
    if (name.startsWith('hist')) return [0.05, null];
    return name.startsWith('greedy') ? [0.04 * (dim / 8), 0.0001] : [0.06, 0.0003];
  });

  it('has errors by width, sizes and logloss with paired differences, and what stands for nothing measured', async () => {
    const all = await tables(made);
    expect(row(all['Table 1: normalized l2 error'], 'greedy-paper:4:fp16 (GREEDY)')).toEqual([
      '0.04000',
      '0.08000',
    ]);
    const losses = all['Table 2: size and logloss'];
    expect(losses.groups.map(({ title }) => title)).toEqual(['D = 8', 'D = 16']);
    expect(row(losses, 'fp32')?.slice(0, 3)).toEqual(['100 %', '0.40500 (±7.1e-3)', '–']);
    const [size, loss, difference, larger] = row(losses, 'minmax:4:fp32 (ASYM)') ?? [];
    expect([size, larger]).toEqual(['25.0 %', '18.8 %']);
    expect(loss).toBe('0.40530 (±7.1e-3)');
    // Seeds move both alike, so the interval is narrow: 0.0003 ± t(1, 95 %) · 1e-5/√2 / √2 = 6.314 · 5e-6.
    expect(difference).toBe('+0.000300 (+0.000268 to +0.000332)');
    expect(row(losses, 'hist-brute:4:fp32 (HIST-BRUTE)')).toBeUndefined();
    expect(row(all['Rows served worse than by min-max'], 'greedy-paper:4:fp32 (GREEDY)')).toEqual([
      '25.0 %',
      '25.0 %',
    ]);
    expect(row(all['Rows served worse than by min-max'], 'minmax:4:fp32 (ASYM)')).toBeUndefined();
  });

  it('holds the abstract against the best of the earlier methods, scored or not', async () => {
    const all = await tables(made);
    expect(row(all['What the abstract says'], 'Greedy search loses less than what was there before')).toEqual(
      ['yes: 0.04000, hist-brute 0.05000', 'no: 0.08000, hist-brute 0.05000'],
    );
    expect(
      row(all['What the abstract says'], 'Quality stays neutral at 4 bits with fp16 (logloss)')?.[0],
    ).toBe('+0.000100 (+0.000068 to +0.000132)');
  });

  it('comes to the 13.89 % of the abstract at D = 72', async () => {
    const table = (await tables(made))['The 13.89 % of the abstract'];
    const at = table.groups[0].columns.indexOf('D = 72');
    expect([row(table, 'bytes of a row')?.[at], row(table, 'share')?.[at]]).toEqual(['40 of 288', '13.89 %']);
  });

  it('says what was left out, and draws both figures, also of nothing', async () => {
    const { sections } = await posttrainingPage(made);
    const lists = sections.flatMap((section) => (section.kind === 'list' ? section.items : []));
    expect(lists.join(' ')).toContain('takes hours: `hist-brute:4:fp32`.');
    const figures = sections.flatMap((section) => (section.kind === 'figure' ? [section.figure] : []));
    expect(figures.map(({ name }) => name)).toEqual(['posttraining-errors', 'posttraining-sizes']);
    // A point for each way and width that was measured; hist-brute has errors alone.
    expect(figures.map(({ svg }) => svg.match(/<circle/g)?.length)).toEqual([8, 6]);
    const nothing = { ...made, widths: made.widths.map(({ dim }) => ({ dim, runs: [] })) };
    expect(await tables(nothing)).toHaveProperty(['Table 1: normalized l2 error']);
  });
});

describe('ways to quantize', () => {
  it('are read with the side that PyTorch stores where none is given', () => {
    expect(parseWays(['minmax:8', ' greedy:4', 'greedy:4:fp32']).map(({ name }) => name)).toEqual([
      'minmax:8:fp32',
      'greedy:4:fp16',
      'greedy:4:fp32',
    ]);
    expect(() => parseWays(['minmax:4', 'minmax:4:fp16'])).toThrow("'minmax:4:fp16' is there twice.");
    expect(() => parseWays(['minmax'])).toThrow("'minmax' is no way to quantize");
    expect(() => parseWays(['minmax:4:fp8'])).toThrow("Unknown side 'fp8' (known: fp32, fp16).");
    expect(() => parseWays(['nobody:4'])).toThrow("Unknown quantizer 'nobody'");
  });

  it('are by default all that there are, those of the paper first and with its names', () => {
    const ways = defaultWays();
    expect(new Set(ways.map(({ name }) => name)).size).toBe(ways.length);
    expect(ways.slice(0, 5).map(wayTitle)).toEqual([
      'minmax:8:fp32 (ASYM)',
      'table-minmax:4:fp32 (TABLE)',
      'symmetric:4:fp32 (SYM)',
      'gss:4:fp32 (GSS)',
      'minmax:4:fp32 (ASYM)',
    ]);
    expect(parseWays(ways.map(({ name }) => name)).map(({ name }) => name)).toEqual(
      ways.map(({ name }) => name),
    );
  });

  it('that take hours are scored where they are named, or rows are few', () => {
    const [named] = parseWays(['hist-brute:4']);
    const unnamed = { ...named, isNamed: false };
    expect([isScored(named, 1e6), isScored(unnamed, 1e6), isScored(unnamed, 10)]).toEqual([
      true,
      false,
      false,
    ]);
    const [fast] = defaultWays();
    expect(isScored(fast, 1e9)).toBe(true);
  });
});

it('rows of the sample are different ones, spread over the whole table', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 5000 }), fc.integer({ min: 1, max: 300 }), (rows, most) => {
      const sample = spread(rows, most);
      expect(sample).toHaveLength(Math.min(rows, most));
      expect(new Set(sample).size).toBe(sample.length);
      const gap = Math.ceil(rows / sample.length);
      const next = [...sample.subarray(1), rows];
      for (const [i, row] of sample.entries()) expect(next[i] - row).toBeLessThanOrEqual(gap);
    }),
  );
});

it('a model is trained in full precision at each width', () => {
  const planned = plan({ preset: undefined, layers: [] }, posttrainingDims);
  expect(
    planned.map(({ candidates: [{ name, config }] }) => [name, config.model.dim, config.method.name]),
  ).toEqual([8, 16, 32, 64, 128].map((dim) => [`full model.dim=${dim}`, dim, 'full']));
});
