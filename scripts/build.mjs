// Builds the package: TypeScript by `tsc -b`, then the kernels by AssemblyScript for shared memory, which tables
// and batches live in. With `--kernels` only those.
import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
function run(program, options) {
  const { status } = spawnSync(process.execPath, [`${root}node_modules/${program}`, ...options], {
    cwd: root,
    stdio: 'inherit',
  });
  if (status !== 0) process.exit(1);
}

if (!process.argv.includes('--kernels')) {
  // From nothing each time: a test or script whose source is gone must not go on running.
  rmSync(`${root}dist`, { recursive: true, force: true });
  run('typescript/bin/tsc', ['-b']);
}

mkdirSync(`${root}dist/wasm`, { recursive: true });
const options =
  '-O3 --noAssert --runtime stub --use abort= --importMemory --sharedMemory --initialMemory 1 --maximumMemory 32768 --enable simd --enable threads';
run('assemblyscript/bin/asc.js', ['wasm/kernels.ts', ...options.split(' '), '-o', 'dist/wasm/kernels.wasm']);
