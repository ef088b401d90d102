import { describe, expect, it } from 'vitest';
import type { UserError } from '../errors.js';
import { parseConfigFile } from './config-file.js';
import { presets, resolveWithPreset } from './presets.js';
import { withoutRenamed } from './renamed-sections.js';
import { resolveLayers } from './resolve-config.js';

const file = parseConfigFile(
  'my.yaml',
  'model:\n  name: dcn-v2\n  rank: 8\n  hidden: [9]\n  crossLayers: 2\n',
);
const choose = (name: string, more = {}) => ({ values: { model: { name, ...more } } });

describe('a layer that names another model than the one that is chosen after it', () => {
  it('says what both know, and nothing of what only its own knows', () => {
    expect(resolveLayers([file, choose('dnn')]).model).toMatchObject({ name: 'dnn', hidden: [9] });
    expect(resolveLayers([file, choose('dnn')]).model).not.toHaveProperty('rank');
    expect(resolveLayers([file, choose('dcn')]).model).toMatchObject({ name: 'dcn', crossLayers: 2 });
  });

  it('is told with what is left out', () => {
    const { leftOut } = withoutRenamed([{ ...file, source: 'The file' }, choose('dnn')]);
    expect(leftOut).toEqual([
      {
        source: 'The file',
        section: 'model',
        name: 'dcn-v2',
        chosen: 'dnn',
        options: ['rank', 'crossLayers'],
      },
    ]);
    expect(withoutRenamed([file, choose('dcn-v2')]).leftOut).toEqual([]);
    expect(withoutRenamed([choose('dnn'), file]).leftOut).toEqual([]);
  });

  it('is left out where the other takes no such value, and is a mistake where its own takes none either', () => {
    const many = parseConfigFile('my.yaml', 'model: { name: dlrm, bottom: [], hidden: [] }\n');
    expect(() => resolveLayers([many, choose('dnn')])).toThrow(
      "'my.yaml', line 1: model.hidden is [] (allowed:",
    );
    const none = { values: { optimizer: { name: 'adam', epsilon: 0.1 } } };
    const chosen = { values: { optimizer: { name: 'rowwise-adagrad' } } };
    expect(resolveLayers([none, chosen]).optimizer).toMatchObject({ epsilon: 0.1 });
  });

  it('is still a mistake where neither knows an option', () => {
    const wrong = parseConfigFile('my.yaml', 'model:\n  name: dcn\n  crosslayers: 2\n');
    expect(() => resolveLayers([wrong, choose('dnn')])).toThrow(
      "'my.yaml', line 3: Unknown option 'model.crosslayers'",
    );
  });

  it('goes for optimizers alike', () => {
    const adam = { values: { optimizer: { name: 'adam', beta1: 0.8, learningRate: 0.5 } } };
    const other = { values: { optimizer: { name: 'rowwise-adagrad' } } };
    expect(resolveLayers([adam, other]).optimizer).toMatchObject({
      name: 'rowwise-adagrad',
      learningRate: 0.5,
    });
  });
});

it('an option of other models in a layer that names none is a mistake, told with the models that have it', () => {
  const attempt = () => resolveLayers([choose('dnn'), { values: { model: { rank: 3 } } }]);
  expect(attempt).toThrow("Unknown option 'model.rank' (known here: name, dim, initialDeviation, hidden");
  let help: string | undefined;
  try {
    attempt();
  } catch (error) {
    help = (error as UserError).help;
  }
  expect(help).toBe('rank is an option of dcn-v2');
});

it('a preset depends on the width that later layers choose, and on no model but theirs', () => {
  const { model, alpt } = resolveWithPreset(presets.criteo, [
    { values: { model: { name: 'dcn-v2' }, method: { bits: 4 } } },
    { values: { model: { rank: 3 } } },
  ]);
  expect(model).toMatchObject({ name: 'dcn-v2', crossLayers: 4, rank: 3 });
  expect(alpt.stepWeightDecay).toBe(1e-6);
});
