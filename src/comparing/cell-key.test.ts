import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { methodNames } from '../embedding/methods.js';
import type { Config } from '../runs/config.js';
import { resolveConfig } from '../runs/resolve-config.js';
import { cellKey, storedCellKey, variantKey } from './cell-key.js';

/** Everything that a method's training depends on, one change each. */
const changes = [
  { model: { dim: 8 } },
  { model: { hidden: [16] } },
  { model: { initialDeviation: 0.01 } },
  { method: { bits: 4 } },
  { method: { rounding: 'deterministic' } },
  { method: { stepType: 'fp16' } },
  { method: { hotBits: 16 } },
  { optimizer: { learningRate: 0.01 } },
  { optimizer: { drops: { afterEpochs: [2] } } },
  { dense: { weightDecay: 0.1 } },
  { alpt: { stepLearningRate: 0.1 } },
  { training: { epochs: 3 } },
  { training: { microBatch: 64 } },
  { training: { seed: 2 } },
];

describe('the key of a cell', () => {
  it('is another for every option that the training depends on, and for other data', () => {
    const keys = [{}, ...changes].map((change) => cellKey(resolveConfig(change), 'data'));
    keys.push(cellKey(resolveConfig({}), 'other data'));
    expect(new Set(keys).size).toBe(changes.length + 2);
    for (const key of keys) expect(key).toMatch(/^[0-9a-f]{16}$/);
  });

  it('knows nothing of what the method does not read', () => {
    const key = (values: object) =>
      cellKey(resolveConfig({ method: { name: 'full' } }, { ...values }), 'data');
    expect(key({ alpt: { stepLearningRate: 0.1 } })).toBe(key({}));
    expect(key({ lpt: { clip: 0.3 } })).toBe(key({}));
    expect(
      key({ method: { bits: 2, rounding: 'deterministic', stepType: 'fp16', hotBits: 8, hotShare: 0.3 } }),
    ).toBe(key({}));
    // A method that is new in the registry has a section of its own, which is in every configuration.
    const config = { ...resolveConfig({}), brandNew: { option: 1 } } as Config;
    expect(cellKey(config, 'data')).toBe(cellKey(resolveConfig({}), 'data'));
  });

  it('does not depend on the order of the options', () => {
    fc.assert(
      fc.property(fc.constantFrom(...methodNames), fc.nat(), (name, seed) => {
        const config = resolveConfig({ method: { name }, training: { seed } });
        const reversed = (value: unknown): unknown =>
          typeof value === 'object' && value !== null && !Array.isArray(value)
            ? Object.fromEntries(
                Object.entries(value)
                  .reverse()
                  .map(([key, inner]) => [key, reversed(inner)]),
              )
            : value;
        expect(cellKey(reversed(config) as Config, 'data')).toBe(cellKey(config, 'data'));
      }),
    );
  });

  it('of a stored cell is found again when its version had fewer options', () => {
    const config = resolveConfig({ method: { bits: 4 } });
    const { stepEpsilon: _new, ...alpt } = config.alpt;
    const { full: _section, ...older } = { ...config, alpt };
    expect(storedCellKey(older, 'data')).toBe(cellKey(config, 'data'));
    expect(storedCellKey({ ...config, model: { name: 'unknown' } }, 'data')).toBeUndefined();
  });

  it('of a variant leaves out the seed alone', () => {
    const key = (values: object) => variantKey(resolveConfig({ ...values }));
    expect(key({ training: { seed: 2 } })).toBe(key({}));
    for (const change of changes.slice(0, -1)) expect(key(change)).not.toBe(key({}));
  });
});
