// Files of one's own, from the command line to a run: also where splits are empty.
import { afterAll, expect, test } from 'vitest';
import { bitrow } from './command-line.js';
import { lines, testFolder } from './fixtures/invented-files.js';

const folder = testFolder();
afterAll(() => folder.remove());
const schema = folder.write('schema.yaml', 'label: y = 1\nfields: [a, { name: both, cross: [a, b] }, b]\n');
const rows = (n: number) =>
  folder.write(`rows${n}.csv`, `b,y,a\n${lines(n, (i) => `"b,${i % 7}",${i % 3 === 0 ? 1 : 0},a${i % 5}`)}`);
const small = [
  '--method',
  'full',
  '--epochs',
  '1',
  '--dim',
  '4',
  '--threads',
  '1',
  '--set',
  'model.hidden=[8]',
];

async function run(...args: string[]) {
  const { code, out } = await bitrow([...args, '--json']);
  return { code, json: JSON.parse(out) };
}

test('a CSV file is prepared, trained on and evaluated', async () => {
  const data = folder.path('data');
  const [place, out] = [folder.path('run'), ['--out', data]];
  const made = await run(
    'prepare',
    'csv',
    '--input',
    rows(400),
    '--schema',
    schema,
    '--split',
    'modulus',
    ...out,
  );
  expect(made).toMatchObject({
    code: 0,
    json: { dataset: 'csv', splits: [{ rows: 320 }, { rows: 40 }, { rows: 40 }] },
  });
  expect(await run('train', '--data', data, '--out', place, ...small)).toMatchObject({ code: 0 });
  expect(await run('evaluate', place, '--data', data)).toMatchObject({
    code: 0,
    json: { rows: 40, split: 'test' },
  });
  const other = folder.path('other');
  await run('prepare', 'csv', '--input', rows(300), '--schema', schema, '--out', other, '--min-count', '20');
  expect(await run('evaluate', place, '--data', other)).toMatchObject({
    code: 1,
    json: { error: expect.stringContaining("Field 'both' has 36 values in the run and 1 in the data") },
  });
});

test('empty validation and test splits stop neither training nor evaluation', async () => {
  const [data, place] = [folder.path('few'), folder.path('few-run')];
  await run('prepare', 'csv', '--input', rows(8), '--schema', schema, '--split', 'modulus', '--out', data);
  expect(await run('train', '--data', data, '--out', place, ...small)).toMatchObject({
    code: 0,
    json: { bestEpoch: 1, validation: { auc: null, logloss: null } },
  });
  expect(await run('evaluate', place, '--data', data)).toMatchObject({
    code: 0,
    json: { rows: 0, auc: null, logloss: null },
  });
});
