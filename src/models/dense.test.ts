import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { dcn } from './dcn.js';
import { DENSE_BLOCK, denseLayout, initializeDense } from './dense.js';

const model = dcn.build(
  { fields: 9, dim: 7 },
  dcn.options(z).parse({ crossLayers: 3, hidden: [51, 30], batchNorm: true }),
  'training',
);
const layout = denseLayout(model);
const initial = (seed: number) => {
  const out = new Float32Array(layout.length);
  initializeDense(model, layout, seed, out);
  return out;
};
const valuesOf = (all: Float32Array, name: string) => {
  const entry = layout.entries.find((one) => one.name === name);
  if (!entry) throw new Error(`no parameter ${name}`);
  return all.subarray(entry.offset, entry.offset + entry.length);
};

describe('the layout', () => {
  it('has every parameter in whole, one after the other, aligned, in whole blocks', () => {
    let end = 0;
    for (const [i, { name, shape, offset, length }] of layout.entries.entries()) {
      expect(name).toBe(model.parameters[i].name);
      expect(length).toBe(shape.reduce((product, size) => product * size, 1));
      expect(offset % 16).toBe(0);
      expect(offset - end).toBeGreaterThanOrEqual(0);
      expect(offset - end).toBeLessThan(16);
      end = offset + length;
    }
    expect(layout.entries.length).toBe(model.parameters.length);
    expect(layout.length % DENSE_BLOCK).toBe(0);
    expect(layout.length - end).toBeGreaterThanOrEqual(0);
    expect(layout.length - end).toBeLessThan(DENSE_BLOCK + 16);
  });
});

describe('initial parameters', () => {
  it('are constants, or have mean 0 and the deviation that the model asks for', () => {
    const all = initial(1);
    for (const { name, initial: wanted } of model.parameters) {
      const values = valuesOf(all, name);
      if ('constant' in wanted) {
        expect(values.every((value) => value === wanted.constant)).toBe(true);
        continue;
      }
      const n = values.length;
      const mean = values.reduce((sum, value) => sum + value, 0) / n;
      const square = values.reduce((sum, value) => sum + value * value, 0) / n;
      // Five standard deviations each; a normal variable's square has a variance of 2.
      expect(Math.abs(mean), name).toBeLessThan((5 * wanted.deviation) / Math.sqrt(n));
      expect(Math.abs(square / wanted.deviation ** 2 - 1), name).toBeLessThan(5 * Math.sqrt(2 / n));
    }
  });

  it('differ from each other, from parameter to parameter and from seed to seed', () => {
    const all = initial(1);
    const [first, second] = [valuesOf(all, 'mlp.0.weight'), valuesOf(all, 'mlp.1.weight')];
    expect(new Set(first).size).toBeGreaterThan(0.95 * first.length);
    const ratio = first[0] / second[0];
    expect(Math.abs(first[1] / second[1] / ratio - 1)).toBeGreaterThan(1e-3);
    expect(initial(2)).not.toEqual(all);
    expect(initial(1)).toEqual(all);
  });

  it('leave the padding 0', () => {
    const all = initial(1);
    for (const { offset, length } of layout.entries) all.fill(0, offset, offset + length);
    expect(all.every((value) => value === 0)).toBe(true);
  });
});
