// The goldens are what their type says, and the generator draws the uniforms that the Python program draws.

import { describe, expect, it } from 'vitest';
import { philox } from '../src/random/philox.js';
import { Stream, seedKey, streamWord, tableWord } from '../src/random/streams.js';
import {
  goldenTolerances,
  trainingGoldens,
  type UniformsGolden,
  uniformsGoldens,
} from './training-golden.js';

/** One element at a time, straight from the words of the counter's definition. */
function drawUniforms(golden: Omit<UniformsGolden, 'uniforms'>): number[] {
  const [low, high] = seedKey(golden.seed);
  const words = new Uint32Array(4);
  return Array.from({ length: golden.dim }, (_, element) => {
    const last = streamWord(Stream.rounding, Math.floor(element / 4));
    philox(words, 0, low, high, golden.step, tableWord(golden.table, golden.vocabulary), golden.id, last);
    return ((words[element % 4] >>> 9) + 0.5) * 2 ** -23;
  });
}

it.each(uniformsGoldens())('draws the uniforms of seed $seed, step $step, id $id', (golden) => {
  expect(drawUniforms(golden)).toEqual(golden.uniforms);
});

describe.each(trainingGoldens())('golden $name', (golden) => {
  const rows = golden.vocabularies.reduce((sum, size) => sum + size, 0);

  it('has the shapes of its type', () => {
    expect(golden.ids.length).toBe(golden.labels.length);
    expect(golden.ids.flat().every((ids) => ids.every((id, field) => id < golden.vocabularies[field]))).toBe(
      true,
    );
    expect(golden.records.at(-1)?.step).toBe(golden.ids.length);
    for (const state of [golden.initial, ...golden.records]) {
      const table = state.codes ?? state.values ?? [];
      expect(table.map((row) => row.length)).toEqual(new Array(rows).fill(golden.dim));
      for (const [name, shape] of Object.entries(golden.shapes)) {
        expect(state.dense[name]).toHaveLength(shape.reduce((product, size) => product * size, 1));
      }
    }
  });

  it('has steps that are exact in float32 and codes in range', () => {
    for (const state of [golden.initial, ...golden.records]) {
      expect(state.steps?.map(Math.fround)).toEqual(state.steps);
      const half = 2 ** ((golden.storedBits ?? golden.bits ?? 1) - 1);
      expect((state.codes ?? []).flat().every((code) => code >= -half && code < half)).toBe(true);
    }
  });

  it('has a tolerance for every number it records', () => {
    const exact = ['step', 'rows', 'codes', 'uniforms'];
    const names = new Set([...Object.keys(goldenTolerances()), ...exact]);
    expect(golden.records.flatMap(Object.keys).filter((name) => !names.has(name))).toEqual([]);
  });
});
