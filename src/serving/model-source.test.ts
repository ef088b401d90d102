import { describe, expect, it } from 'vitest';
import { UserError } from '../errors.js';
import { parseModelSources } from './model-source.js';

describe('a model on the command line', () => {
  it('has a name, perhaps a version, and a path', () => {
    expect(parseModelSources(['ctr=runs/a', 'ctr@2=b=c', 'runs/x/', './ads.v1'])).toEqual([
      { name: 'ctr', version: null, path: 'runs/a' },
      { name: 'ctr', version: '2', path: 'b=c' },
      { name: 'x', version: null, path: 'runs/x/' },
      { name: 'ads.v1', version: null, path: './ads.v1' },
    ]);
  });

  it.each([
    '=a',
    'a/b=c',
    '..=a',
    'a@=b',
    'a@1@2=b',
    'a b=c',
    `${'x'.repeat(65)}=a`,
    'ü=a',
    '/',
    'a%2f=b',
    '',
  ])('is refused as %j', (arg) => {
    expect(() => parseModelSources([arg])).toThrow(UserError);
  });

  it('is refused when it is there already', () => {
    expect(() => parseModelSources(['a/run', 'b/run'])).toThrow("The model 'run' is given twice.");
    expect(() => parseModelSources(['m@1=a', 'm@1=b'])).toThrow("The model 'm@1' is given twice.");
  });
});
