// Every example is run as its reader would run it, and has to say what it is there to show. The method that CONTRIBUTING
// adds is added to a copy of the build, by its one file and one line, and trained.
import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, expect, it } from 'vitest';
import { prepareToy } from './toy-dataset.js';

const root = fileURLToPath(new URL('../../', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'bitrow-examples-'));
afterAll(() => rmSync(folder, { recursive: true }));

const run = promisify(execFile);
const read = (file: string) => readFileSync(join(root, file), 'utf8');

/** What each example prints: the lines it is there for. */
const shows: Record<string, RegExp[]> = {
  'own-csv': [/^train 31\d{3} rows, /m, /^test AUC 0\.[67]/m, /^AUC within users 0\.\d+ \(\d+ users/m],
  'in-process-scoring': [/^i3: 0\.\d{3}$/m, /^Items that training never saw: 1$/m, /^100 concurrent calls/m],
  serving: [
    /^A row may have: user \(BYTES\), /m,
    /^i3: 0\.\d{3}$/m,
    /^Items that training never saw: 1$/m,
    /^The server ended with 0$/m,
  ],
  'retraining-daily': [/^day 1: 361 items/m, /^day 4: 541 items, .*yesterday's model on today's rows 0\.6/m],
  'stop-and-resume': [/^stopped in the second epoch$/m, /^resumed from epoch 2, /m, /^same bits .*: true$/m],
  'reading-rows': [/^i0 has id \d+, step .* and codes -?\d+( -?\d+){7}$/m, /^nearest to i0: i\d+ \(/m],
  'rare-rows': [
    /^best AUC that any model can reach: 0\.8/m,
    /^alpt: test AUC 0\.[67]/m,
    /^OOV in 1 field .* 0\.\d/m,
  ],
};

it.each(Object.keys(shows))('%s', async (name) => {
  const script = join(root, 'examples', name, 'main.mjs');
  const { stdout, stderr } = await run(process.execPath, [script, join(folder, name)]);
  expect(stderr).toBe('');
  for (const line of shows[name]) expect(stdout).toMatch(line);
});

it('no example is left out', () => {
  const folders = readdirSync(join(root, 'examples'), { withFileTypes: true }).filter((entry) =>
    entry.isDirectory(),
  );
  expect(folders.map(({ name }) => name).sort()).toEqual([...Object.keys(shows), 'adding-a-method'].sort());
  for (const { name } of folders) expect(read('examples/README.md')).toContain(`[${name}](${name}/`);
});

it('adding-a-method: one file and one line, as CONTRIBUTING shows them', async () => {
  const contributing = read('CONTRIBUTING.md');
  const source = read('examples/adding-a-method/quiet.ts');
  const inPlace = source
    .replace("'../../src/embedding/method.js'", "'./method.js'")
    .replaceAll('../../src/', '../');
  const shown = contributing
    .split('```ts\n')
    .find((block) => block.includes('export const quiet'))
    ?.split('```')[0];
  // Imports are sorted by their paths, which differ.
  const lines = (text = '') => text.split('\n').sort();
  expect(lines(inPlace)).toEqual(lines(shown));

  const copy = join(folder, 'copy');
  for (const part of ['dist/src', 'dist/wasm', 'package.json'])
    cpSync(join(root, part), join(copy, part), { recursive: true });
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
  const built = read('dist/examples/adding-a-method/quiet.js')
    .replace("'../../src/embedding/method.js'", "'./method.js'")
    .replaceAll('../../src/', '../');
  writeFileSync(join(copy, 'dist/src/embedding/quiet.js'), built);
  const registry = join(copy, 'dist/src/embedding/methods.js');
  const methods = readFileSync(registry, 'utf8');
  const added = methods.replace('    round,\n', '    round,\n    quiet,\n');
  expect(added).not.toBe(methods);
  writeFileSync(registry, `import { quiet } from './quiet.js';\n${added}`);

  const data = await prepareToy(folder, { rows: 2000 });
  const program = join(copy, 'dist/src/cli/main.js');
  const out = join(folder, 'quiet');
  const options = [
    '--method',
    'quiet',
    '--set',
    'quiet.deadZone=0.2',
    '--dim',
    '4',
    '--epochs',
    '1',
    '--json',
  ];
  const trained = await run(process.execPath, [program, 'train', '--data', data, '--out', out, ...options]);
  expect(JSON.parse(trained.stdout)).toMatchObject({ bestEpoch: 1 });
  const inspected = await run(process.execPath, [program, 'inspect', out, '--json']);
  expect(JSON.parse(inspected.stdout)).toMatchObject({ method: 'quiet', bits: 8 });
  const refused = run(process.execPath, [
    program,
    'train',
    '--data',
    data,
    '--out',
    `${out}2`,
    '--set',
    'quiet.deadZone=2',
  ]);
  await expect(refused).rejects.toMatchObject({ code: 2 });
});
