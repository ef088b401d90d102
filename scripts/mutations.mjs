// Breaks the code on purpose, one term at a time, and tells whether a test notices: "dropping any one term of any
// gradient rule turns a test red" is a promise that only this can check. Works on a copy; run by hand:
//
//   node scripts/mutations.mjs [--check] [PART OF A FILE NAME…]
//
// With --check it only looks whether each place that it would change is still there, once.
// Exit code 1 when a mutation survives, or when the tests are red without any.
import { spawn, spawnSync } from 'node:child_process';
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { bestRowMutations } from './mutations/best-rows.mjs';
import { graphMutations } from './mutations/graph.mjs';
import { kernelMutations } from './mutations/kernels.mjs';
import { posttrainingMutations } from './mutations/posttraining.mjs';
import { pruningMutations } from './mutations/pruning.mjs';
import { quantizedFileMutations } from './mutations/quantized-files.mjs';
import { quantizingMutations } from './mutations/quantizing.mjs';
import { trainingMutations } from './mutations/training.mjs';

/** A mutant that makes the tests run longer than this is a dead one. */
const LONGEST_MS = 90_000;

const root = fileURLToPath(new URL('..', import.meta.url));
const checksOnly = process.argv[2] === '--check';
const parts = process.argv.slice(checksOnly ? 3 : 2);
const groups = [
  ...graphMutations,
  ...kernelMutations,
  ...trainingMutations,
  ...pruningMutations,
  ...posttrainingMutations,
  ...bestRowMutations,
  ...quantizedFileMutations,
  ...quantizingMutations,
].filter(({ file }) => parts.length === 0 || parts.some((part) => file.includes(part)));

const copy = mkdtempSync(join(tmpdir(), 'bitrow-mutations-'));
let vitest;
process.on('exit', () => {
  if (vitest?.exitCode === null && vitest.signalCode === null) process.kill(-vitest.pid, 'SIGKILL');
  rmSync(copy, { recursive: true, force: true });
});
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(1));
const at = (file) => join(copy, file);
const compiled = (file) => at(`dist/${file.replace(/\.ts$/, '.js')}`);

function fail(sentence) {
  console.error(sentence);
  process.exit(1);
}

function build(...options) {
  return spawnSync(process.execPath, [at('scripts/build.mjs'), ...options], { cwd: copy, encoding: 'utf8' });
}

/** Whether the tests of these files pass. */
function testsPass(tests, only) {
  const files = tests.map((test) => `dist/${test.replace(/\.ts$/, '.js')}`);
  for (const file of files) if (!existsSync(at(file))) fail(`There is no ${file}.`);
  const options = ['run', '--bail', '1', ...(only ? ['-t', only] : []), ...files];
  return new Promise((resolve) => {
    // A group of its own, so that a mutant that never ends is stopped with all its processes.
    const child = spawn(process.execPath, [at('node_modules/vitest/vitest.mjs'), ...options], {
      cwd: copy,
      stdio: 'ignore',
      detached: true,
    });
    const timer = setTimeout(() => process.kill(-child.pid, 'SIGKILL'), LONGEST_MS);
    vitest = child;
    child.on('exit', (status) => {
      clearTimeout(timer);
      resolve(status === 0);
    });
  });
}

/** The source with the one place changed. */
function mutate({ file, from, to }) {
  const source = readFileSync(join(root, file), 'utf8');
  const [before, after, ...more] = source.split(from);
  if (after === undefined || more.length > 0) fail(`'${from}' is not in ${file} exactly once.`);
  return before + to + after;
}

const { compilerOptions } = ts.readConfigFile(join(root, 'tsconfig.json'), ts.sys.readFile).config;
const { options: settings } = ts.convertCompilerOptionsFromJson(compilerOptions, root);

/** Compiles a mutated source into dist; returns what puts the original back. */
function install(file, source) {
  if (file.startsWith('wasm/')) {
    const saved = at('kernels.wasm');
    copyFileSync(at('dist/wasm/kernels.wasm'), saved);
    writeFileSync(at(file), source);
    const { status, stderr } = build('--kernels');
    if (status !== 0) fail(`A mutation of ${file} does not compile:\n${stderr}`);
    return () => {
      copyFileSync(join(root, file), at(file));
      copyFileSync(saved, at('dist/wasm/kernels.wasm'));
    };
  }
  const original = readFileSync(compiled(file));
  const { outputText, diagnostics } = ts.transpileModule(source, {
    compilerOptions: settings,
    fileName: join(root, file),
    reportDiagnostics: true,
  });
  if (diagnostics.length > 0) fail(`A mutation of ${file} is not TypeScript: ${diagnostics[0].messageText}`);
  if (outputText === original.toString()) fail(`A mutation of ${file} changes nothing.`);
  writeFileSync(compiled(file), outputText);
  return () => writeFileSync(compiled(file), original);
}

for (const { file, changes } of groups) for (const [, from, to] of changes) mutate({ file, from, to });
if (checksOnly) process.exit(0);

for (const entry of [
  'src',
  'wasm',
  'test',
  'scripts',
  'experiments',
  'package.json',
  'tsconfig.json',
  'vitest.config.mjs',
])
  cpSync(join(root, entry), at(entry), { recursive: true });
symlinkSync(join(root, 'node_modules'), at('node_modules'));
const { status, stdout, stderr } = build();
if (status !== 0) fail(`The code does not compile:\n${stdout}${stderr}`);
const everyTest = [...new Set(groups.flatMap(({ tests }) => tests))];
if (!(await testsPass(everyTest))) fail(`Without a mutation, the tests are red: ${everyTest.join(', ')}.`);

let killed = 0;
const survivors = [];
for (const { file, tests, only, changes } of groups) {
  for (const [what, from, to] of changes) {
    const restore = install(file, mutate({ file, from, to }));
    const survives = await testsPass(tests, only);
    restore();
    if (survives) survivors.push(`${file}: ${what}`);
    else killed++;
    console.log(`${survives ? 'SURVIVED' : 'killed  '}  ${file.padEnd(36)}  ${what}`);
  }
}
console.log(`\n${killed} killed, ${survivors.length} survived`);
for (const survivor of survivors) console.log(`  ${survivor}`);
process.exitCode = survivors.length > 0 ? 1 : 0;
