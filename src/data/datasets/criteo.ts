// Criteo's display advertising challenge: 13 numbers I1 to I13, 26 categories C1 to C26, tab separated, no header.
// As the author of the ALPT paper prepared it: numbers become buckets exempt from the threshold, missing is a
// value of its own.
import type { Dataset } from './dataset.js';
import { givenFiles } from './inputs.js';

const count = (letter: string, n: number) => Array.from({ length: n }, (_, i) => `${letter}${i + 1}`);
const numbers = count('I', 13);
const categories = count('C', 26);

export const criteo: Dataset = {
  summary: 'Criteo display advertising challenge, tab separated (train.txt)',
  schema: {
    label: 'label = 1',
    fields: [
      ...numbers.map((name) => ({
        name,
        minCount: 1,
        value: { kind: 'bucket' as const, column: name, small: 'integer' as const },
      })),
      ...categories.map((name) => ({ name, value: { kind: 'column' as const, column: name } })),
    ],
  },
  format: {
    kind: 'text',
    separator: '\t',
    header: false,
    columns: ['label', ...numbers, ...categories],
    cells: 'plain',
    labels: ['0', '1'],
  },
  minCount: 10,
  splits: ['random', 'modulus'],
  inputs: (paths) => givenFiles('criteo', paths, 'the tab separated train.txt (or .gz) of the challenge'),
};
