// `bitrow bench`: its help names every benchmark, and what does not exist is a sentence before anything is measured.
import { describe, expect, it } from 'vitest';
import { bitrow } from '../../test/command-line.js';
import { benchmarks } from '../bench/registry.js';

describe('bitrow bench', () => {
  it('names every benchmark in its help', async () => {
    const { out } = await bitrow(['bench', '--help']);
    for (const name of Object.keys(benchmarks))
      expect(out.replace(/\s+/g, ' ')).toMatch(new RegExp(`[ ,:]${name}\\b`));
  });

  it('refuses names and shapes that do not exist, and lists those that do', async () => {
    const name = await bitrow(['bench', 'stepp']);
    expect(name.code).toBe(2);
    expect(name.err).toContain("'stepp'");
    expect(name.err).toContain('step, peers, kernels');
    const shape = await bitrow(['bench', 'step', '--shape', 'C']);
    expect(shape.code).toBe(2);
    expect(shape.err).toContain("'C'");
    expect(shape.err).toContain('A, B');
  });
});
