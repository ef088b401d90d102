// docs/serving.md says what the server has: every metric with its kind, every address, every limit with its default,
// every datatype; and its Dockerfile copies what there is.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { datatypeNames } from '../src/serving/cells.js';
import { limitsSchema } from '../src/serving/limits.js';
import { operations } from '../src/serving/operations.js';
import { ServerMetrics } from '../src/serving/server-metrics.js';
import { bitrow } from './command-line.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const read = (path: string) => readFileSync(join(root, path), 'utf8');
const text = read('docs/serving.md');
const lines = text
  .split('\n')
  .filter((line) => line.startsWith('| '))
  .map((line) => line.split('|').map((cell) => cell.trim()));

it('every metric, with its kind, and no other', () => {
  const stated = lines.filter(([, name]) => /^`(bitrow|process)_/.test(name));
  expect(stated.map(([, name, kind]) => [name.slice(1, -1), kind])).toEqual(
    new ServerMetrics().metrics.declared.map(({ name, kind }) => [name, kind]),
  );
});

it('every address', () => {
  for (const { method, path } of operations) {
    if (path.includes('{version}')) continue;
    expect(text).toContain(`\`${method.toUpperCase()} ${path}\``);
  }
});

it('every limit with its default, as --help has them', async () => {
  const options = {
    '--max-body': 'bodyBytes',
    '--max-receiving': 'receivingBytes',
    '--max-rows': 'rows',
    '--max-text': 'textLength',
    '--queue-rows': 'queueRows',
    '--request-timeout-ms': 'requestTimeoutMs',
    '--keep-alive-ms': 'keepAliveMs',
    '--max-connections': 'connections',
    '--drain-ms': 'drainMs',
  } as const;
  const defaults = limitsSchema.parse({});
  const stated = lines
    .filter(([, option]) => option.startsWith('`--'))
    .map(([, option, value]) => [option.slice(1, -1), Number(value)]);
  expect(stated).toEqual(Object.entries(options).map(([option, name]) => [option, defaults[name]]));
  const help = (await bitrow(['serve', '--help'])).out.replace(/\s+/g, ' ');
  for (const [option, name] of Object.entries(options)) {
    const [, shown] = new RegExp(`${option} <\\w+> [^-]*?default: ([\\d]+(?: MiB)?)`).exec(help) ?? [];
    const value = shown?.endsWith('MiB') ? Number.parseInt(shown, 10) * 2 ** 20 : Number(shown);
    expect([option, value]).toEqual([option, defaults[name]]);
  }
  expect(text).toContain(`Headers have ${defaults.headerBytes.toLocaleString('en')} bytes`);
});

it('the datatypes', () => {
  for (const name of datatypeNames.filter((name) => !/^U?INT(16|32)$/.test(name)))
    expect(text).toContain(`\`${name}\``);
});

it('the Dockerfile copies what a build leaves', () => {
  const copied = [...read('Dockerfile').matchAll(/^COPY (--from=build )?(.+)$/gm)].flatMap(
    ([, fromBuild, paths]) =>
      paths
        .split(' ')
        .slice(0, -1)
        .map((path) => (fromBuild ? path.replace('/bitrow/', '') : path)),
  );
  expect(copied.filter((path) => !existsSync(join(root, path)))).toEqual([]);
});
