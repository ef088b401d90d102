import { describe, expect, it } from 'vitest';
import type { Cell, CellEpoch, Comparison, Variant } from './comparison.js';
import { quantiles } from './quantiles.js';
import { reportedSplit, summarize } from './summary.js';

function epoch(number: number, trainSeconds: number): CellEpoch {
  return {
    epoch: number,
    trainLoss: 0.5,
    lossCurve: [],
    validation: null,
    trainSeconds,
    validationSeconds: 100,
    samplesPerSecond: 1,
    table: null,
  };
}

function cell(seed: number, auc: number, logloss: number, more: Partial<Cell> = {}): Cell {
  return {
    seed,
    status: 'finished',
    error: null,
    bestEpoch: 1,
    validation: { auc: auc + 0.01, logloss: logloss + 0.01 },
    test: { auc, logloss },
    epochs: [epoch(1, 10)],
    samplesPerSecond: 1000,
    seconds: 20,
    peakRss: 500,
    deciles: null,
    ...more,
  };
}

function variant(name: string, cells: Cell[]): Variant {
  return {
    name,
    method: name,
    bits: null,
    rounding: null,
    config: {},
    command: null,
    derivedFrom: null,
    memory: {
      training: { table: 100, step: 20, optimizer: 800 },
      inference: 120,
      full: { table: 400, optimizer: 800 },
      ratios: { trainingTable: 400 / 120, trainingWithOptimizer: 1200 / 920, inference: 400 / 120 },
    },
    cells,
  };
}

function comparison(...variants: Variant[]): Comparison {
  return {
    format: 'bitrow-comparison-1',
    bitrow: '0.1.0',
    made: '2026-01-02T03:04:05.000Z',
    command: 'bitrow compare',
    machine: { cpu: 'a processor', cores: 2, node: '20.19.0', onnxruntime: '1.30.0' },
    data: {
      dataset: 'flights',
      path: 'data',
      fingerprint: 'f',
      fields: 2,
      features: 10,
      rows: { train: 8 },
      positiveRate: 0.2,
    },
    split: 'test',
    seeds: [1, 2, 3],
    variants,
  };
}

describe('summarize', () => {
  const full = variant('full', [cell(1, 0.7, 0.4), cell(2, 0.72, 0.38), cell(3, 0.71, 0.42)]);

  it('comes to the numbers computed by hand', () => {
    const epochs = [epoch(1, 30), epoch(2, 50)];
    // In another order than the seeds: they are paired by seed, not by place.
    const alpt = variant('alpt', [
      cell(3, 0.713, 0.419, { peakRss: 700, samplesPerSecond: 3000, bestEpoch: 2, epochs }),
      cell(1, 0.701, 0.399, { samplesPerSecond: 2000 }),
      cell(2, 0.722, 0.379),
    ]);
    const [first, second] = summarize(comparison(full, alpt));
    expect(first.difference).toBeNull();
    expect(first.distinguishable).toEqual({ auc: null, logloss: null });
    expect(first.test.auc).toEqual({
      count: 3,
      mean: expect.closeTo(0.71, 12),
      deviation: expect.closeTo(0.01, 12),
    });
    expect(first.validation.logloss.mean).toBeCloseTo(0.41, 12);

    // Differences of AUC by seed 0.001, 0.002, 0.003: mean 0.002, deviation 0.001, t(0.95, 2) = 2.91998558.
    const auc = second.difference?.test.auc;
    expect(auc?.n).toBe(3);
    expect(auc?.mean).toBeCloseTo(0.002, 10);
    expect(auc?.low).toBeCloseTo(0.002 - (2.91998558 * 0.001) / Math.sqrt(3), 9);
    expect(auc?.high).toBeCloseTo(0.002 + (2.91998558 * 0.001) / Math.sqrt(3), 9);
    expect(second.difference?.validation.auc.mean).toBeCloseTo(0.002, 10);
    // Differences of logloss: −0.001 three times, up to the last bits.
    expect(second.difference?.test.logloss.high).toBeCloseTo(-0.001, 9);
    expect(second.distinguishable).toEqual({ auc: true, logloss: true });

    expect(second.bestEpochs).toEqual([2, 1, 1]);
    expect(second.trainedEpochs).toBe(2);
    // Epochs of 30, 50, 10 and 10 seconds.
    expect(second.secondsPerEpoch).toBe(20);
    expect(second.samplesPerSecond).toBe(2000);
    expect(second.peakRss).toBe(700);
    expect(second.bytes).toEqual({ trainingTable: 120, trainingWithOptimizer: 920, inference: 120 });
    expect(second.ratios.inference).toBeCloseTo(3.3333, 4);
  });

  it('counts finished cells only', () => {
    const diverged: Partial<Cell> = { status: 'diverged', error: 'NaN', bestEpoch: null };
    const alpt = variant('alpt', [
      cell(1, 0.69, 0.41),
      cell(2, 0.1, 9, { ...diverged, samplesPerSecond: 1e9, peakRss: 1e12 }),
    ]);
    const row = summarize(comparison(full, alpt))[1];
    expect(row.cells).toEqual({ finished: 1, diverged: 1, failed: 0, missing: 1 });
    expect(row.test.auc).toEqual({ count: 1, mean: 0.69, deviation: null });
    expect(row.difference?.test.auc).toMatchObject({
      n: 1,
      mean: expect.closeTo(-0.01, 12),
      low: null,
      high: null,
    });
    expect(row.distinguishable).toEqual({ auc: null, logloss: null });
    expect(row.samplesPerSecond).toBe(1000);
    expect(row.peakRss).toBe(500);
  });

  it('says null of what nobody measured', () => {
    const bare: Partial<Cell> = {
      epochs: [],
      samplesPerSecond: null,
      peakRss: null,
      bestEpoch: null,
      test: null,
    };
    const [row] = summarize(comparison(variant('round', [cell(1, 0.7, 0.4, bare)])));
    expect(row).toMatchObject({
      secondsPerEpoch: null,
      samplesPerSecond: null,
      peakRss: null,
      bestEpochs: [],
      trainedEpochs: 0,
      test: { auc: { count: 0, mean: null, deviation: null } },
    });
    expect(summarize(comparison())).toEqual([]);
  });

  it('tells of test where it was scored, of validation otherwise', () => {
    expect(reportedSplit(comparison(full))).toBe('test');
    const unscored = (auc: number) =>
      [1, 2, 3].map((seed) => cell(seed, auc + seed / 1000, 0.4, { test: null }));
    const without = comparison(variant('full', unscored(0.7)), variant('lpt', unscored(0.6)));
    expect(reportedSplit(without)).toBe('validation');
    expect(summarize(without)[1].distinguishable.auc).toBe(true);
  });
});

describe('quantiles', () => {
  it('interpolates between neighbours', () => {
    // numpy.quantile([4, 1, 2], [0, .25, .5, .75, 1])
    expect(quantiles([4, 1, 2], [0, 0.25, 0.5, 0.75, 1])).toEqual([1, 1.5, 2, 3, 4]);
    expect(quantiles([7], [0, 0.5, 1])).toEqual([7, 7, 7]);
  });
});
