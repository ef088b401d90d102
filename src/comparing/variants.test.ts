import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { findPreset } from '../runs/presets.js';
import type { PartialConfig } from '../runs/resolve-config.js';
import { parseGrid } from './grid.js';
import { parseMethodName } from './method-name.js';
import { requireComparable } from './plan.js';
import { parseMethods, readVariants, resolveVariants } from './variants.js';

const folder = mkdtempSync(join(tmpdir(), 'bitrow-variants-'));
afterAll(() => rmSync(folder, { recursive: true }));

const layers = (...values: PartialConfig[]) => values.map((one) => ({ values: one }));
const resolved = (methods: string, common: Parameters<typeof resolveVariants>[1] = { layers: [] }) =>
  resolveVariants(parseMethods(methods), common);

describe('a method by name', () => {
  it.each([
    ['full', { name: 'full' }],
    ['alpt', { name: 'alpt' }],
    ['alpt:4', { name: 'alpt', bits: 4 }],
    ['lpt:deterministic', { name: 'lpt', rounding: 'deterministic' }],
    ['lpt:16:deterministic', { name: 'lpt', bits: 16, rounding: 'deterministic' }],
    ['lpt:stochastic:2', { name: 'lpt', bits: 2, rounding: 'stochastic' }],
  ])('%s', (text, section) => {
    expect(parseMethodName(text).section).toEqual(section);
  });

  it.each([
    ['alp:8', /^Unknown method 'alp' \(known: full, lpt, alpt/],
    ['toString', /^Unknown method 'toString'/],
    ['alpt:7', /^'alpt:7' has 7 bits \(allowed: 2, 4, 8, 16\)/],
    [
      'alpt:up',
      /^'up' in 'alpt:up' is no width \(2, 4, 8, 16\) and no rounding \(stochastic, deterministic\)/,
    ],
    ['alpt:8:4', /^'alpt:8:4' says its width twice/],
    ['alpt:stochastic:stochastic', /^'alpt:stochastic:stochastic' says its rounding twice/],
    ['full:8', /^The method 'full' has no width to choose, so 'full:8' means nothing/],
    ['full:deterministic', /^The method 'full' rounds nothing, so 'full:deterministic'/],
    ['alpt:', /^'' in 'alpt:' is no width/],
  ])('%s is refused', (text, message) => {
    expect(() => parseMethodName(text)).toThrow(message);
    expect(() => parseMethodName(text)).toThrow(expect.objectContaining({ exitCode: 2 }));
  });

  it('an empty place in the list is refused', () => {
    expect(() => parseMethods('full,,alpt')).toThrow(/^The list 'full,,alpt' has an empty place/);
  });
});

describe('variants', () => {
  it('read the options that concern them', () => {
    const [full, lpt, alpt] = resolved('full,lpt:4,alpt:2', {
      layers: layers({ lpt: { clip: 0.2 }, training: { epochs: 3 } }),
    });
    expect([full, lpt, alpt].map(({ config }) => config.training.epochs)).toEqual([3, 3, 3]);
    expect(lpt.config.lpt.clip).toBe(0.2);
    expect(full.config.lpt.clip).toBe(0.1);
    expect(lpt.config.method).toMatchObject({ name: 'lpt', bits: 4, rounding: 'stochastic' });
  });

  it('of a grid have the types of steps that the method has', () => {
    const grid = parseGrid('g.yaml', 'method: { stepType: [fp32, fp16] }');
    const all = resolved('full,alpt:8', { layers: [], grid });
    expect(all.map(({ name, config }) => [name, config.method.stepType])).toEqual([
      ['full', 'fp32'],
      ['alpt:8 method.stepType=fp32', 'fp32'],
      ['alpt:8 method.stepType=fp16', 'fp16'],
    ]);
  });

  it('have what a preset says at their width', () => {
    const [four, eight] = resolved('alpt:4,alpt:8', { layers: [], preset: findPreset('criteo') });
    expect([four, eight].map(({ config }) => config.alpt.stepWeightDecay)).toEqual([1e-6, null]);
  });

  it('an option that none of them reads is refused', () => {
    const common = { layers: layers({ lpt: { clip: 0.2 } }) };
    expect(() => resolved('full,alpt:8', common)).toThrow(
      /^None of the methods \(full, alpt\) reads lpt.clip\./,
    );
    const grid = parseGrid('g.yaml', 'lpt: { clip: [0.1, 0.2] }');
    expect(() => resolved('full', { layers: [], grid })).toThrow(/reads lpt.clip/);
    const halves = { layers: layers({ method: { stepType: 'fp16' } }) };
    expect(() => resolved('full,lpt:8', halves)).toThrow(
      /^None of the methods \(full, lpt\) has a step in each/,
    );
    expect(resolved('full,alpt:8', halves)[1].config.method.stepType).toBe('fp16');
  });

  it('a file may have options of any method', () => {
    const file = { values: { lpt: { clip: 0.2 } }, locate: () => "'my.yaml', line 1" };
    expect(resolved('full', { layers: [file] })).toHaveLength(1);
  });

  it.each([
    ['alpt:8,alpt:8', /^The variant 'alpt:8' is there twice/],
    ['alpt,alpt:8:stochastic', /^The variants 'alpt' and 'alpt:8:stochastic' are the same training/],
  ])('%s is refused', (methods, message) => {
    expect(() => requireComparable(resolved(methods), [1])).toThrow(message);
  });

  it.each([[[]], [[1, 1]], [[-1]], [[0.5]]])('seeds %j are refused', (seeds) => {
    expect(() => requireComparable(resolved('full'), seeds)).toThrow(/seed/);
  });

  const file = (text: string) => {
    const path = join(folder, 'variants.yaml');
    writeFileSync(path, text);
    return readVariants(path);
  };

  it('of a file have options of their own, which win over all others', async () => {
    const asked = await file(`variants:
  - method: alpt:4
  - { method: alpt:4, name: tuned, set: { alpt: { firstStep: 0.006 }, training: { epochs: 2 } } }
`);
    const variants = resolveVariants(asked, {
      layers: layers({ training: { epochs: 7 }, alpt: { firstStep: 1 } }),
    });
    expect(variants.map(({ name }) => name)).toEqual(['alpt:4', 'tuned']);
    expect(variants.map(({ config }) => config.alpt.firstStep)).toEqual([1, 0.006]);
    expect(variants.map(({ config }) => config.training.epochs)).toEqual([7, 2]);
  });

  it('has options of hot rows of its own, or at points of a grid that concern it', async () => {
    const file = join(folder, 'hot.yaml');
    writeFileSync(
      file,
      'variants:\n- { method: "lpt:4", name: hot, set: { method: { hotBits: 8 } } }\n- method: full\n',
    );
    const hot = await readVariants(file);
    expect(resolveVariants(hot, { layers: [] }).map(({ config }) => config.method)).toMatchObject([
      { name: 'lpt', bits: 4, hotBits: 8, hotShare: 0.05 },
      { name: 'full', hotBits: null },
    ]);
    const grid = parseGrid('grid.yaml', 'method: { hotBits: [null, 8] }');
    const points = resolved('lpt:4,full', { layers: [], grid });
    expect(points.map(({ name }) => name)).toEqual([
      'lpt:4 method.hotBits=null',
      'lpt:4 method.hotBits=8',
      'full',
    ]);
    expect(points.map(({ config }) => config.method.hotBits)).toEqual([null, 8, null]);
    const hotter = { layers: layers({ method: { hotBits: 16, stepType: 'fp16' } }) };
    expect(() => resolved('nested:4,full', hotter)).toThrow(
      /^None of the methods \(nested, full\) has hot rows/,
    );
    expect(resolved('nested:4,alpt:4', hotter)[1].config.method).toMatchObject(
      hotter.layers[0].values.method ?? {},
    );
  });

  it.each([
    ['- method: full', /line 1: the file is not a mapping/],
    ['variants: full', /line 1: variants is no list of variants/],
    ['variants: []', /line 1: variants is no list/],
    ['variant: []', /line 1: Unknown key 'variant' \(known: variants\)/],
    ['variants:\n- name: a', /line 2: a variant has no method/],
    ['variants:\n- method: full\n- full', /line 3: a variant is no mapping/],
    ['variants:\n- method: full\n  seed: 2', /line 3: Unknown key 'seed' \(known: method, name, set\)/],
    ['variants:\n- method: full\n  name: 3', /line 3: a name is a text/],
    ['variants:\n- method: full\n  set: fast', /line 3: set is no mapping/],
    ['variants:\n- method: full\n  set:\n    method: { bits: 4 }', /line 4: the method stands in `method`/],
    ['variants:\n- method: full\n  set:\n    training: { seed: 4 }', /line 4: seeds are --seeds/],
    [
      'variants:\n- method: lpt\n  set:\n    method: { stepType: fp16 }',
      /line 4: rows of the method 'lpt' have no step of their own/,
    ],
    [
      'variants:\n- method: nested:4\n  set:\n    method: { stepType: fp16, hotBits: 8 }',
      /line 4: rows of the method 'nested' are all stored alike/,
    ],
    [
      'variants:\n- method: full\n  set:\n    lpt: { clip: 1 }',
      /line 4: the method 'full' does not read the options of 'lpt'/,
    ],
  ])('%j is refused with its line', async (text, message) => {
    await expect(file(text)).rejects.toThrow(message);
  });

  it('a mistake in their options is named by its line', async () => {
    const asked = await file('variants:\n- method: alpt:4\n  set:\n    alpt:\n      firstStep: -1\n');
    expect(() => resolveVariants(asked, { layers: [] })).toThrow(
      /line 5: alpt.firstStep is -1 \(allowed: at least 1e-30\)/,
    );
  });
});

describe('a grid', () => {
  const names = (methods: string, text: string) =>
    resolved(methods, { layers: [], grid: parseGrid('g.yaml', text) }).map(({ name }) => name);

  it('is the product of all lists that concern a method', () => {
    const text =
      'optimizer: { learningRate: [0.001, 0.01] }\nalpt: { stepLearningRate: [1, 2] }\ntraining: { epochs: 2 }';
    expect(names('full,alpt:4', text)).toEqual([
      'full optimizer.learningRate=0.001',
      'full optimizer.learningRate=0.01',
      'alpt:4 optimizer.learningRate=0.001 alpt.stepLearningRate=1',
      'alpt:4 optimizer.learningRate=0.001 alpt.stepLearningRate=2',
      'alpt:4 optimizer.learningRate=0.01 alpt.stepLearningRate=1',
      'alpt:4 optimizer.learningRate=0.01 alpt.stepLearningRate=2',
    ]);
  });

  it('sets what it varies, and what it does not', () => {
    const grid = parseGrid('g.yaml', 'training: { epochs: 2, batchSize: [64, 128] }');
    const variants = resolved('full', { layers: layers({ training: { epochs: 9 } }), grid });
    expect(variants.map(({ config }) => [config.training.epochs, config.training.batchSize])).toEqual([
      [2, 64],
      [2, 128],
    ]);
  });

  it('of an option that is a list takes a list of lists, and a plain list as one value', () => {
    expect(names('full', 'model: { hidden: [[8], [16, 8]] }')).toEqual([
      'full model.hidden=[8]',
      'full model.hidden=[16,8]',
    ]);
    expect(names('full', 'model: { hidden: [16, 8] }')).toEqual(['full']);
  });

  it.each([
    ['method: { bits: [2, 4] }', /line 1: the methods and their widths stand in --methods/],
    ['training:\n  seed: [1, 2]', /line 2: seeds are --seeds/],
    ['training:\n  epochs: []', /line 2: training.epochs is an empty list/],
    ['training:\n  epoch: [1, 2]', /line 2: Unknown option 'training.epoch' \(known here: epochs/],
    ['model:\n  dim: [4, 0]', /line 2: model.dim is 0 \(allowed: at least 1\)/],
  ])('%j is refused with its line', (text, message) => {
    expect(() => names('full', text)).toThrow(message);
  });
});
