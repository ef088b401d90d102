import { describe, expect, it } from 'vitest';
import { methodNames } from '../embedding/methods.js';
import { resolveConfig } from '../runs/resolve-config.js';
import { cellKey } from './cell-key.js';
import { derivedFrom, planCells, planTrainings, referenceFirst } from './plan.js';

const variant = (name: string) => ({ name, config: resolveConfig({ method: { name } }) });
const nothing = () => false;
const labels = (trainings: ReturnType<typeof planTrainings>) =>
  trainings.map(({ label, seed }) => `${label} ${seed}`);

describe('the plan of a comparison', () => {
  const variants = [variant('full'), variant('alpt')];
  const cells = planCells(variants, [1, 2], 'data');

  it('goes seed by seed', () => {
    expect(cells.map(({ variant: { name }, seed }) => `${name} ${seed}`)).toEqual([
      'full 1',
      'alpt 1',
      'full 2',
      'alpt 2',
    ]);
    expect(cells.map(({ config }) => config.training.seed)).toEqual([1, 1, 2, 2]);
  });

  it('leaves out what has finished', () => {
    expect(labels(planTrainings(cells, 'data', (key) => key === cells[1].key))).toEqual([
      'full 1',
      'full 2',
      'alpt 2',
    ]);
  });

  it('has the reference in front', () => {
    const names = (...order: string[]) => referenceFirst(order.map(variant)).map(({ name }) => name);
    expect(names('alpt', 'full', 'lpt')).toEqual(['full', 'alpt', 'lpt']);
    expect(names('alpt', 'lpt')).toEqual(['alpt', 'lpt']);
  });
});

const derived = methodNames.filter((name) => derivedFrom(resolveConfig({ method: { name } })) === 'full');
describe('methods that are made from full', () => {
  const full = cellKey(resolveConfig({ method: { name: 'full' } }), 'data');

  it('are planned as one training of full, whether that was asked for or not', () => {
    const alone = planTrainings(planCells(derived.map(variant), [1], 'data'), 'data', nothing);
    expect(alone.map(({ key }) => key)).toEqual([full]);
    expect(labels(alone)).toEqual([`full for ${derived[0]} 1`]);
    expect(alone[0].derived.map(({ variant: { name } }) => name)).toEqual(derived);

    const both = planTrainings(planCells(['full', ...derived].map(variant), [1], 'data'), 'data', nothing);
    expect(labels(both)).toEqual(['full 1']);
    expect(both[0].derived).toHaveLength(derived.length);
  });

  it('are made from one training of full, whatever their width, their preset and who else is there', () => {
    const config = (name: string) => resolveConfig({ method: { name: 'full' } }, { method: { name } });
    const asked = [
      { name: 'full', config: resolveConfig({ method: { name: 'full', bits: 4 } }) },
      { name: 'round:2', config: resolveConfig({ method: { name: 'round', bits: 2 }, lpt: { clip: 1 } }) },
      { name: 'magnitude', config: resolveConfig({ method: { name: 'magnitude' }, alpt: { firstStep: 1 } }) },
    ];
    for (const variants of [asked, asked.slice(1), asked.slice(2), [{ name: 'f', config: config('full') }]]) {
      const trainings = planTrainings(planCells(variants, [1], 'data'), 'data', nothing);
      expect(trainings.map((training) => training.config)).toEqual([config('full')]);
    }
  });

  it('have full trained again where its own cell has finished', () => {
    const cells = planCells(['full', derived[0]].map(variant), [1], 'data');
    expect(labels(planTrainings(cells, 'data', (key) => key === full))).toEqual([`full for ${derived[0]} 1`]);
    expect(planTrainings(cells, 'data', () => true)).toEqual([]);
  });
});
