// The tables' layouts from records made by hand: which number stands where, what is left out, what is concluded.
import { describe, expect, it } from 'vitest';
import { faithfulCriteo, flightsManifest } from '../../../test/paper-manifests.js';
import type { Manifest } from '../../data/manifest.js';
import type { Cell, Comparison, Variant } from '../../reports/comparison.js';
import { presets } from '../../runs/presets.js';
import { figure4Page, plan as planFigure4, stepRates } from './figure4.js';
import type { Page, PageTable } from './page.js';
import type { PlannedVariant } from './planned-variant.js';
import { plan as planTable1, table1Page } from './table1.js';
import { plan as planTable2, table2Page } from './table2.js';
import { plan as planTable3, table3Page } from './table3.js';

const known = ['FP', 'LPT(DR)', 'LPT(SR)', 'ALPT(DR)', 'ALPT(SR)'];
const settings = { preset: presets.criteo, layers: [] };
const seeds = [1, 2, 3, 4, 5];

/** A comparison in which a variant's AUC is what `aucOf` says, plus a hundred-thousandth for each seed. */
function comparisonOf(
  planned: readonly PlannedVariant[],
  aucOf: (name: string) => number,
  { dataset, splits, fields, vocabularies }: Manifest,
): Comparison {
  return {
    format: 'bitrow-comparison-1',
    bitrow: '0.1.0',
    made: '2026-01-01T00:00:00.000Z',
    command: 'bitrow reproduce something',
    machine: { cpu: 'none', cores: 2, node: 'v20', onnxruntime: '1.30.0' },
    data: {
      dataset,
      path: '/data',
      fingerprint: '0',
      fields: fields.length,
      features: vocabularies.reduce((sum, { size }) => sum + size, 0),
      rows: Object.fromEntries(splits.map(({ name, rows }) => [name, rows])),
      positiveRate: 0.25,
    },
    split: 'test',
    seeds,
    variants: planned.flatMap(({ candidates }) => candidates.map(({ name }) => variantOf(name, aucOf(name)))),
  };
}

function variantOf(name: string, auc: number): Variant {
  const ratio = name.startsWith('alpt') ? 3.2 : name.startsWith('lpt') ? 4 : 1;
  return {
    name,
    method: name.split(':')[0],
    bits: null,
    rounding: null,
    config: {},
    command: null,
    derivedFrom: null,
    memory: {
      training: { table: 64, step: 0, optimizer: 128 },
      inference: 64,
      full: { table: 64, optimizer: 128 },
      ratios: { trainingTable: ratio, trainingWithOptimizer: 1.2345, inference: ratio },
    },
    cells: seeds.map((seed) => cellOf(seed, auc)),
  };
}

function cellOf(seed: number, auc: number): Cell {
  return {
    seed,
    status: 'finished',
    error: null,
    bestEpoch: seed === 5 ? 7 : 9,
    validation: { auc: auc - 0.001, logloss: 0.45 },
    test: { auc: auc + seed * 1e-5, logloss: 0.4376 + seed * 1e-5 },
    epochs: [9, 11].map((trainSeconds) => ({
      epoch: 1,
      trainLoss: 0.4,
      lossCurve: [],
      validation: null,
      trainSeconds,
      validationSeconds: 1,
      samplesPerSecond: 1000,
      table: null,
    })),
    samplesPerSecond: 1000,
    seconds: 22,
    peakRss: null,
    deciles: null,
  };
}

function tables(page: Page): PageTable[] {
  return page.sections.flatMap((section) => (section.kind === 'table' ? [section.table] : []));
}

function texts(page: Page): string {
  return page.sections
    .flatMap((section) => {
      if (section.kind === 'text' || section.kind === 'heading') return [section.text];
      return section.kind === 'list' ? section.items : [];
    })
    .join('\n');
}

const published = (aucs: Record<string, number>) => (name: string) => aucs[name] ?? 0.8;

describe('table 1', () => {
  const clips = [1, 0.1, 0.01, 0.001];
  const planned = planTable1({ settings, rows: known, clips });
  const manifest = faithfulCriteo();
  const aucs = published({
    full: 0.8144,
    'alpt:8': 0.8144,
    'alpt:8:deterministic': 0.8096,
    'lpt:8 lpt.clip=0.01': 0.8123,
  });

  it('is the paper’s beside ours, in its order', () => {
    const page = table1Page({ manifest, planned, comparison: comparisonOf(planned, aucs, manifest) });
    const [table] = tables(page);
    expect(table.groups).toEqual([
      {
        title: 'criteo, here',
        columns: ['AUC', 'Logloss', 'Epochs × Time', 'Training', 'Inference', 'Training with optimizer'],
      },
      { title: 'Criteo, the paper', columns: ['AUC', 'Logloss', 'Epochs × Time'] },
      { title: 'Compression ratio, the paper', columns: ['Training', 'Inference'] },
    ]);
    expect(table.rows.map(({ name }) => name)).toEqual(known);
    expect(table.rows[0].cells).toEqual([
      '0.81443 (±1.6e-5)',
      '0.43763 (±1.6e-5)',
      '9 × 10 s',
      '1x',
      '1x',
      '1.23x',
      '0.8144 (±5e-5)',
      '0.43764 (±5e-5)',
      '9 × 9 min',
      '1x',
      '1x',
    ]);
  });

  it('shows the clip of LPT that is best on validation', () => {
    const page = table1Page({ manifest, planned, comparison: comparisonOf(planned, aucs, manifest) });
    expect(tables(page)[0].rows[2].cells[0]).toBe('0.81233 (±1.6e-5)');
  });

  it('says that a faithful one may be compared', () => {
    const page = table1Page({ manifest, planned, comparison: comparisonOf(planned, aucs, manifest) });
    expect(page.record.differences).toEqual([]);
    expect(texts(page)).toContain('Data and protocol are the paper’s');
  });

  it('says that other data may not, and sets both of the paper’s beside them', () => {
    const plain = planTable1({
      settings: { preset: undefined, layers: [] },
      rows: ['FP', 'LPT(SR)'],
      clips: null,
    });
    const flights = flightsManifest();
    const page = table1Page({
      manifest: flights,
      planned: plain,
      comparison: comparisonOf(plain, aucs, flights),
    });
    expect(texts(page)).toContain('must not be compared');
    expect(page.record.differences).toContain(
      "LPT's clip is 0.1 (the paper: the best of 1, 0.1, 0.01, 0.001; `--clips`).",
    );
    expect(page.record.differences).toContain('The batch size is 4096 (the paper: 10000).');
    expect(tables(page)[0].groups.map(({ title }) => title)).toEqual([
      'flights, here',
      'Avazu, the paper',
      'Criteo, the paper',
      'Compression ratio, the paper',
    ]);
  });

  it('holds the paper’s conclusions against the intervals', () => {
    const page = table1Page({ manifest, planned, comparison: comparisonOf(planned, aucs, manifest) });
    const rows = tables(page)[1].rows.map(({ name, cells }) => [name, cells[0], cells[2], cells[3]]);
    expect(rows).toContainEqual(['ALPT loses nothing', 'ALPT(SR) − FP', 'yes', '0.0000']);
    expect(rows).toContainEqual(['SR is better than DR in ALPT', 'ALPT(SR) − ALPT(DR)', 'yes', '+0.0048']);
    // Rows that were not asked for are not concluded about.
    expect(rows.flat()).not.toContain('hashing loses');
  });

  it('leaves a dash for what did not finish, and says what it was', () => {
    const comparison = comparisonOf(planned, aucs, manifest);
    const full = comparison.variants.find(({ name }) => name === 'full');
    full?.cells.splice(0, 5, {
      ...cellOf(2, 0.8),
      status: 'diverged',
      error: 'A loss is NaN.',
      test: null,
      validation: null,
    });
    const page = table1Page({ manifest, planned, comparison });
    expect(tables(page)[0].rows[0].cells.slice(0, 3)).toEqual(['–', '–', '–']);
    expect(texts(page)).toContain('full, seed 2: diverged (A loss is NaN.)');
  });
});

describe('table 2', () => {
  const manifest = faithfulCriteo();
  const planned = planTable2({ settings, rows: ['LPT(SR)', 'ALPT(SR)'], clips: null });

  it('trains each at 2 and 4 bits, with the preset of that width', () => {
    expect(planned.flatMap(({ candidates }) => candidates.map(({ name }) => name))).toEqual([
      'lpt:2',
      'lpt:4',
      'alpt:2',
      'alpt:4',
    ]);
    expect(planned[2].candidates[0].config.alpt.stepWeightDecay).toBe(1e-6);
  });

  it('has a pair of columns for each width', () => {
    const comparison = comparisonOf(
      planned,
      published({ 'lpt:2': 0.7, 'lpt:4': 0.75, 'alpt:2': 0.71, 'alpt:4': 0.75 }),
      manifest,
    );
    const page = table2Page({ manifest, planned, comparison });
    const [table, claims] = tables(page);
    expect(table.groups[0].columns).toEqual(['2-bit AUC', '2-bit Logloss', '4-bit AUC', '4-bit Logloss']);
    expect(table.rows[0].cells.filter((_, i) => i % 2 === 0)).toEqual([
      '0.70003 (±1.6e-5)',
      '0.75003 (±1.6e-5)',
      '0.8009',
      '0.8079',
    ]);
    expect(claims.rows.map(({ cells }) => cells[2])).toEqual(['yes', 'no']);
    expect(page.record.differences).toEqual([]);
  });
});

describe('table 3', () => {
  const usual = faithfulCriteo();
  const lower = faithfulCriteo({ minCount: 2, features: 6_780_382 });
  const request = { settings, rows: null, clips: [1, 0.1, 0.01, 0.001] };
  const half = (name: 'dim' | 'threshold', manifest: Manifest, auc: number) => {
    const planned = planTable3(name, request);
    return { manifest, planned, comparison: comparisonOf(planned, () => auc, manifest) };
  };

  it('trains at D = 32, and at the usual D with more features', () => {
    expect(planTable3('dim', request)[2].candidates[0]).toMatchObject({
      name: 'alpt:8 model.dim=32',
      config: { model: { dim: 32 } },
    });
    expect(planTable3('threshold', request)[2].candidates[0].config.model.dim).toBe(16);
  });

  it('without other data, leaves that half out and says how to make it', () => {
    const page = table3Page({ dim: half('dim', usual, 0.81), threshold: null });
    expect(tables(page)[0].rows[0].cells.slice(0, 4)).toEqual([
      '0.81003 (±1.6e-5)',
      '0.43763 (±1.6e-5)',
      '–',
      '–',
    ]);
    expect(texts(page)).toContain(
      '`bitrow prepare criteo … --min-count 2 --out DIR` and pass --data-threshold DIR.',
    );
    expect(page.record.differences).toEqual([]);
  });

  it('with them, has both halves', () => {
    const page = table3Page({ dim: half('dim', usual, 0.81), threshold: half('threshold', lower, 0.82) });
    expect(tables(page)[0].rows[2].cells.filter((_, i) => i % 2 === 0)).toEqual([
      '0.81003 (±1.6e-5)',
      '0.82003 (±1.6e-5)',
      '0.8126',
      '0.8126',
    ]);
    expect(page.record.differences).toEqual([]);
    expect(tables(page)[1].rows).toHaveLength(4);
  });
});

it('figure 4 has a row for each rate, a column and a line for each g', async () => {
  const manifest = faithfulCriteo();
  const points = planFigure4(settings);
  const comparison = comparisonOf(
    points.map(({ planned }) => planned),
    (name) => (name.includes('=0.00002') ? 0.82 : 0.81),
    manifest,
  );
  const page = await figure4Page({ manifest, comparison, points });
  expect(points).toHaveLength(3 * stepRates.length);
  const [table] = tables(page);
  expect(table.rows.map(({ name }) => name)).toEqual(['2e-6', '6e-6', '2e-5', '6e-5', '2e-4']);
  expect(table.rows[2].cells).toEqual(Array.from({ length: 3 }, () => '0.82003 (±1.6e-5)'));
  const figure = page.sections.find((section) => section.kind === 'figure');
  expect(figure?.kind === 'figure' && figure.figure.svg).toContain('g = 1/√(bdq)');
});
