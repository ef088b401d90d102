// What a project gets that installs bitrow: packs it, checks the list of files, publint and are-the-types-wrong, and
// uses it in an empty project. Nothing is fetched: the tarball is unpacked as npm would, and the packages that it
// names as dependencies, and no others, are linked from this project's own node_modules.
import { execFile } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'bitrow-package-'));
const app = join(folder, 'app');
const installed = join(app, 'node_modules/bitrow');
afterAll(() => rmSync(folder, { recursive: true }));

const execute = promisify(execFile);
async function run(
  program: string,
  args: readonly string[],
  cwd: string,
): Promise<{ code: number; out: string }> {
  try {
    const { stdout } = await execute(program, [...args], { cwd, maxBuffer: 2 ** 26 });
    return { code: 0, out: stdout };
  } catch (error) {
    const { code, stdout = '', stderr = '' } = error as { code?: number; stdout?: string; stderr?: string };
    return { code: code ?? 1, out: `${stdout}${stderr}` };
  }
}
const script = (path: string, args: readonly string[], cwd: string) =>
  run(process.execPath, [join(root, 'node_modules', path), ...args], cwd);

let tarball: string;
let files: string[];
beforeAll(async () => {
  const packed = await run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', folder], root);
  const [{ filename, files: listed }] = JSON.parse(packed.out);
  tarball = join(folder, filename);
  files = listed.map(({ path }: { path: string }) => path);
  mkdirSync(installed, { recursive: true });
  expect(await run('tar', ['-xzf', tarball, '-C', installed, '--strip-components=1'], folder)).toMatchObject({
    code: 0,
  });
  const { dependencies, bin } = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8'));
  for (const name of [...Object.keys(dependencies), '@types/node'])
    link(join(root, 'node_modules', name), name);
  link(join(installed, bin.bitrow), '.bin/bitrow');
  chmodSync(join(installed, bin.bitrow), 0o755);
  writeFileSync(join(app, 'package.json'), JSON.stringify({ name: 'app', private: true, type: 'module' }));
});

function link(target: string, name: string): void {
  const place = join(app, 'node_modules', name);
  mkdirSync(dirname(place), { recursive: true });
  symlinkSync(target, place);
}

describe('the package', () => {
  it('holds what runs, and nothing else', () => {
    expect(files).toEqual(
      expect.arrayContaining([
        'LICENSE',
        'README.md',
        'package.json',
        'docs/schema.md',
        'bench/peers/dcn.py',
        'bench/peers/fastify-server.mjs',
        'bench/peers/quantize.py',
        'dist/src/index.d.ts',
        'dist/wasm/kernels.wasm',
      ]),
    );
    const expected =
      /^(LICENSE|README\.md|CHANGELOG\.md|docs\/[a-z-]+\.md|docs\/figures\/[a-z-]+\.svg|package\.json|bench\/peers\/[a-z-]+\.(py|mjs)|dist\/wasm\/kernels\.wasm|dist\/src\/.+\.(js|d\.ts))$/;
    expect(files.filter((file) => !expected.test(file) || /\.test[.-]/.test(file))).toEqual([]);
  });

  it('passes publint', async () => {
    const { code, out } = await script('publint/src/cli.js', ['run', tarball, '--strict'], folder);
    expect({ code, out }).toEqual({ code: 0, out: expect.stringContaining('All good!') });
  });

  it('passes are-the-types-wrong, as a package of ES modules alone', async () => {
    const args = [tarball, '--profile', 'esm-only', '--format', 'json'];
    const { code, out } = await script('@arethetypeswrong/cli/dist/index.js', args, folder);
    expect({ code, out }).toMatchObject({ code: 0 });
  });
});

describe('in an empty project', () => {
  it('every public name type-checks under nodenext, with the types of the libraries checked too', async () => {
    const names = publicNames();
    expect(names).toEqual(expect.arrayContaining(['train', 'evaluate', 'type TrainEvent']));
    writeFileSync(join(app, 'program.ts'), program(names));
    const options =
      '--module nodenext --target es2023 --lib es2023 --types node --strict --exactOptionalPropertyTypes --noEmit';
    const { code, out } = await script('typescript/bin/tsc', [...options.split(' '), 'program.ts'], app);
    expect({ code, out }).toEqual({ code: 0, out: '' });
  });

  it('a program that uses it wrongly does not', async () => {
    writeFileSync(
      join(app, 'wrong.ts'),
      "import { train } from 'bitrow';\nawait train({ data: 1, out: 'x' });\n",
    );
    const options =
      '--module nodenext --target es2023 --lib es2023 --types node --strict --noEmit --skipLibCheck';
    const { out } = await script('typescript/bin/tsc', [...options.split(' '), 'wrong.ts'], app);
    expect(out).toMatch(/wrong\.ts\(2,\d+\): error TS/);
  });

  it('`npx bitrow --help` runs, and the kernels are found', async () => {
    const help = await run('npx', ['--no-install', 'bitrow', '--help'], app);
    expect(help).toEqual({ code: 0, out: expect.stringMatching(/^Usage: bitrow /) });
    writeFileSync(
      join(app, 'run.mjs'),
      `import { generate, prepare, resolveConfig, train, evaluate } from 'bitrow';
await generate({ like: 'avazu', rows: 2000, out: 'rows.csv', threads: 1 });
await prepare({ dataset: 'avazu', input: ['rows.csv'], out: 'data', threads: 1 });
const config = resolveConfig({ model: { dim: 4, hidden: [8] }, training: { epochs: 1, batchSize: 500 } });
await train({ data: 'data', out: 'run', config, threads: 1 });
console.log((await evaluate({ run: 'run', data: 'data', threads: 1 })).rows > 100);
`,
    );
    expect(await run(process.execPath, ['run.mjs'], app)).toEqual({ code: 0, out: 'true\n' });
    expect(existsSync(join(app, 'run/run.json'))).toBe(true);
  });
});

/** Names that the package exports, types with `type` before them. */
function publicNames(): string[] {
  const text = readFileSync(join(installed, 'dist/src/index.d.ts'), 'utf8');
  return [...text.matchAll(/^export (type )?\{([^}]*)\}/gm)].flatMap(([, allTypes = '', list]) =>
    list
      .split(',')
      .map((name) => name.trim())
      .filter(Boolean)
      .map((name) => (name.startsWith('type ') ? name : `${allTypes}${name}`)),
  );
}

/** A program that names all of them, and uses some. */
function program(names: readonly string[]): string {
  const types = names.filter((name) => name.startsWith('type ')).map((name) => name.slice('type '.length));
  const values = names.filter((name) => !name.startsWith('type '));
  return `import { ${names.join(', ')} } from 'bitrow';
import { Client, type ClientPrediction } from 'bitrow/client';
export const asked: ClientPrediction = await new Client('http://127.0.0.1:8080').predict([{ user: 1n }]);
export type Types = [${types.join(', ')}];
export const values = [${values.join(', ')}];
const data: string = (await loadDataset('data')).manifest.fingerprint;
const config: Config = resolveConfig({ method: { name: 'alpt', bits: 4 } });
const onProgress = (event: TrainEvent): string => event.kind;
const { bestEpoch } = await train({ data, out: 'runs/a', config, onProgress });
const { auc, prAuc, logits } = await evaluate({ run: 'runs/a', data, by: 'frequency' });
export const known: [number, number | null, number | null, Float32Array] = [bestEpoch, auc, prAuc, logits];
`;
}
