import { describe, expect, it } from 'vitest';
import { parseConfigFile } from './config-file.js';
import { parseSetting, resolveLayers } from './resolve-config.js';

const read = (text: string) => resolveLayers([parseConfigFile('my.yaml', text)]);

describe('a configuration file', () => {
  it('is a layer of the configuration', () => {
    const config = read('model: { dim: 8 }\nalpt:\n  stepLearningRate: 1e-4\n');
    expect(config.model.dim).toBe(8);
    expect(config.alpt.stepLearningRate).toBe(1e-4);
    expect(config.method.name).toBe('alpt');
  });

  it('may be empty', () => {
    expect(read('# nothing\n')).toEqual(resolveLayers([]));
  });

  it.each([
    [
      'model:\n  dim: 16\n  crossLayer: 3\n',
      /^'my.yaml', line 3: Unknown option 'model.crossLayer' \(known here: name, dim/,
    ],
    [
      'model:\n  dim: 16\n\nmethod:\n  bits: 5\n',
      /^'my.yaml', line 5: method.bits is 5 \(allowed: 2, 4, 8, 16\)\.$/,
    ],
    [
      'model:\n  hidden:\n    - 10\n    - 0\n',
      /^'my.yaml', line 4: model.hidden.1 is 0 \(allowed: at least 1\)/,
    ],
    ['# one\n\nmodels: {}\n', /^'my.yaml', line 3: Unknown option 'models'/],
    ['training:\n  epochs: two\n', /^'my.yaml', line 2: training.epochs is "two" \(allowed: a value of type/],
    ['model: { dim: 1 }\nmodel: { dim: 2 }\n', /^'my.yaml', line 2: Map keys must be unique/],
    ['model:\n  dim: [1\n', /^'my.yaml', line \d: /],
    ['- model\n', /^'my.yaml', line 1: the file is not a mapping/],
  ])('names file, line and path of the mistake in %j', (text, message) => {
    expect(() => read(text)).toThrow(message);
  });

  it('is not blamed for what a later layer says', () => {
    const file = parseConfigFile('my.yaml', 'model:\n  dim: 8\n');
    const flag = { values: parseSetting('model.dim=0') };
    expect(() => resolveLayers([file, flag])).toThrow(/^model.dim is 0/);
    expect(() => resolveLayers([flag, file])).not.toThrow();
  });
});
