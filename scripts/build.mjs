// Builds the package: TypeScript by `tsc -b`, then the kernels by AssemblyScript, twice from one source:
// for shared memory (tables, read and written by every thread) and for unshared memory (a worker's staging,
// which onnxruntime accepts without copying).
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const run = (program, ...args) =>
  execFileSync(process.execPath, [`${root}node_modules/${program}`, ...args], {
    cwd: root,
    stdio: 'inherit',
  });

// From nothing each time: a test or script whose source is gone must not go on running.
rmSync(`${root}dist`, { recursive: true, force: true });
run('typescript/bin/tsc', '-b');

mkdirSync(`${root}dist/wasm`, { recursive: true });
const common = [
  'wasm/kernels.ts',
  '-O3',
  '--noAssert',
  '--runtime',
  'stub',
  '--use',
  'abort=',
  '--importMemory',
  '--enable',
  'simd',
];
run(
  'assemblyscript/bin/asc.js',
  ...common,
  '--enable',
  'threads',
  '--sharedMemory',
  '--initialMemory',
  '1',
  '--maximumMemory',
  '32768',
  '-o',
  'dist/wasm/shared.wasm',
);
run(
  'assemblyscript/bin/asc.js',
  ...common,
  '--initialMemory',
  '1',
  '--maximumMemory',
  '65536',
  '-o',
  'dist/wasm/unshared.wasm',
);
