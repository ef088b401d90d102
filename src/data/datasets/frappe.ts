// Frappe: which app does a user open in which context? The libFM files of BARS (`frappe_x1`): a folder with
// train.libfm, validation.libfm and, when there, test.libfm, each also as .gz. A line is 1 or -1, then ten `id:1`.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '../../errors.js';
import { splitNames } from '../manifest.js';
import type { Dataset, InputFile } from './dataset.js';
import { givenFolder, requireFile } from './inputs.js';

const names = 'user item daytime weekday isweekend homework cost weather country city'.split(' ');

export const frappe: Dataset = {
  summary: 'Frappe app usage, a folder of libFM files (train, validation, test)',
  schema: {
    label: 'label = 1',
    fields: names.map((name) => ({ name, value: { kind: 'column' as const, column: name } })),
  },
  format: {
    kind: 'text',
    separator: ' ',
    header: false,
    columns: ['label', ...names],
    cells: 'libfm',
    labels: ['1', '-1'],
  },
  minCount: 1,
  splits: ['files', 'random', 'modulus'],
  inputs,
};

function inputs(paths: readonly string[]): InputFile[] {
  const folder = givenFolder('frappe', paths, 'train.libfm and validation.libfm');
  return splitNames.flatMap((split) => {
    const path = [`${split}.libfm`, `${split}.libfm.gz`].map((file) => join(folder, file)).find(existsSync);
    if (path === undefined && split === 'test') return [];
    if (path === undefined)
      throw new UserError(`The folder '${folder}' has no ${split}.libfm or ${split}.libfm.gz.`);
    requireFile(path);
    return [{ path, split }];
  });
}
