// The documents hold what the code has: every default stands in docs/defaults.md with its value, every command and
// every byte of a row in README.md, every package in docs/dependencies.md, and every link leads somewhere.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { withRowBytes } from '../experiments/row-bytes.js';
import { commands } from '../src/cli/commands.js';
import { datasets } from '../src/data/datasets/registry.js';
import { rowLayout } from '../src/embedding/layout.js';
import type { MethodName } from '../src/embedding/methods.js';
import { models } from '../src/models/registry.js';
import type { OptimizerSpec } from '../src/optimizers/optimizer.js';
import { type OptimizerName, optimizers } from '../src/optimizers/registry.js';
import { type Config, configSchema } from '../src/runs/config.js';
import { createMethod, createRowOptimizer } from '../src/scoring/blueprint.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const read = (path: string) => readFileSync(join(root, path), 'utf8');

/** The cells of every line of every table. */
function tableLines(text: string): string[][] {
  return text
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .map((line) =>
      line
        .split(/(?<!\\)\|/)
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
}

function leaves(value: unknown, path: string): [path: string, value: unknown][] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [[path, value]];
  return Object.entries(value).flatMap(([key, inner]) => leaves(inner, path === '' ? key : `${path}.${key}`));
}

/** Every option with its default; those of a model or optimizer that is not the default one carry its name. */
function defaults(): Map<string, unknown> {
  const config = configSchema.parse({});
  const all = new Map(leaves(config, '').map(([path, value]) => [`\`${path}\``, value]));
  const choices = [
    ['model', models],
    ['optimizer', optimizers],
  ] as const;
  for (const [section, registry] of choices) {
    for (const [name, spec] of Object.entries(registry)) {
      if (name === config[section].name) continue;
      const { options, defaultRate } = spec as OptimizerSpec<unknown>;
      const rate = defaultRate === undefined ? {} : { learningRate: defaultRate };
      for (const [path, value] of leaves({ ...rate, ...Object(options(z).parse({})) }, section)) {
        all.set(`\`${path}\` (${name})`, value);
      }
    }
  }
  return all;
}

describe('docs/defaults.md', () => {
  const lines = tableLines(read('docs/defaults.md'));

  it('has every default of a run, with its value and a source, and no other', () => {
    const stated = lines.filter(([option]) => /^`[a-z-]+\.[\w.]+`/i.test(option));
    const written = new Map(
      stated.map(([option, value]) => [option, JSON.parse(value.slice(1, -1)) as unknown]),
    );
    expect(Object.fromEntries(written)).toEqual(Object.fromEntries(defaults()));
    expect(stated.filter(([, , source]) => !source)).toEqual([]);
  });

  it('has the threshold and the split of every data set', () => {
    const stated = lines.filter(([name]) => Object.hasOwn(datasets, name.slice(1, -1)));
    expect(stated.map((cells) => cells.slice(0, 3))).toEqual(
      Object.entries(datasets).map(([name, { minCount, splits }]) => [
        `\`${name}\``,
        `${minCount}`,
        splits[0],
      ]),
    );
  });
});

it('docs/memory.md has the bytes of every method and optimizer', () => {
  const text = read('docs/memory.md');
  // Else: node dist/experiments/row-bytes.js --write
  expect(text).toBe(withRowBytes(text));
});

describe('README.md', () => {
  const lines = tableLines(read('README.md'));

  it('has every command', () => {
    const stated = lines.map(([first]) => first);
    expect(Object.keys(commands).filter((name) => !stated.includes(`\`bitrow ${name}\``))).toEqual([]);
  });

  it.each(['README.md', 'docs/nested.md'])('counts the bytes of a row as the table does: %s', (file) => {
    const rows = tableLines(read(file)).filter((cells) => cells.length === 6 && cells[1].startsWith('`'));
    expect(rows.length).toBeGreaterThan(5);
    for (const [method, optimizer, ...bytes] of rows) {
      const [, name, , bits] = /^`([\w-]+)`(, (\d+) bits)?$/.exec(method) ?? [];
      expect([method, optimizer, ...bytes]).toEqual([
        method,
        optimizer,
        ...rowBytes(name as MethodName, Number(bits ?? 8), optimizer.slice(1, -1) as OptimizerName).map(
          String,
        ),
      ]);
    }
  });
});

/** Bytes of table, step, optimizer and all of them. */
function rowBytes(method: MethodName, bits: number, optimizer: OptimizerName): number[] {
  const config: Config = configSchema.parse({
    method: { name: method, bits },
    optimizer: { name: optimizer },
  });
  const { storage, stepOptimizer } = createMethod(config);
  const layout = rowLayout(config.model.dim, storage, createRowOptimizer(config), stepOptimizer);
  const { codeBytes, stateOffset, recordBytes } = layout;
  return [codeBytes, stateOffset - codeBytes, recordBytes - stateOffset, recordBytes];
}

it('docs/dependencies.md has every package at its version', () => {
  const { dependencies, devDependencies } = JSON.parse(read('package.json')) as Record<
    string,
    Record<string, string>
  >;
  const stated = tableLines(read('docs/dependencies.md')).filter(([name]) => name.startsWith('`'));
  expect(Object.fromEntries(stated.map(([name, version]) => [name.slice(1, -1), version]))).toEqual({
    ...dependencies,
    ...devDependencies,
  });
});

it('src/README.md has every folder', () => {
  const stated = tableLines(read('src/README.md')).map(([first]) => first);
  const folders = readdirSync(join(root, 'src'), { withFileTypes: true }).filter((entry) =>
    entry.isDirectory(),
  );
  expect(folders.map(({ name }) => `\`${name}/\``).filter((name) => !stated.includes(name))).toEqual([]);
});

it.each([
  'README.md',
  'CONTRIBUTING.md',
  'CHANGELOG.md',
  'src/README.md',
  ...readdirSync(join(root, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
])('the links of %s lead somewhere', (file) => {
  const targets = [...read(file).matchAll(/\]\((?!https?:)([^)#]+)/g)].map(([, target]) => target);
  expect(targets.filter((target) => !existsSync(join(root, dirname(file), target)))).toEqual([]);
});
