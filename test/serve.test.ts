// `bitrow serve` from end to end: what it predicts over HTTP is what `evaluate` says of the same rows, in every bit,
// for runs and bundles, any batches and workers; and the program as it is started, reloaded, hurt and stopped.
import { cpSync, mkdtempSync, openSync, renameSync, rmSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeBundle } from '../src/exporting/bundle.js';
import { evaluate, type RawRow, resolveConfig, train } from '../src/index.js';
import { openRun } from '../src/scoring/open-run.js';
import { Client } from '../src/serving/client.js';
import { bitrow } from './command-line.js';
import { parseExposition } from './prometheus-text.js';
import { prepareRich, richColumns, richRow } from './rich-dataset.js';
import { freePort, ServeProgram } from './serve-program.js';
import { storedRows } from './stored-rows.js';

const folder = mkdtempSync(join(tmpdir(), 'bitrow-serve-'));
const place = (name: string) => join(folder, name);
const total = 6000;
/** The rows of the test split, and what `evaluate` makes of them. */
let rows: RawRow[];
let logits: number[];

beforeAll(async () => {
  const data = await prepareRich(folder, { rows: total });
  const sizes = { model: { dim: 8, hidden: [16], batchNorm: true }, training: { epochs: 1, batchSize: 512 } };
  for (const [name, bits] of [
    ['run', 8],
    ['run4', 4],
  ] as const) {
    const config = resolveConfig({ ...sizes, method: { name: 'alpt', bits } });
    await train({ data, out: place(name), config, threads: 1 });
  }
  logits = [...(await evaluate({ run: place('run'), data, split: 'test', threads: 1 })).logits];
  rows = storedRows(total, (row) => row % 10 === 9).map((row) => {
    const cells = richRow(row);
    return Object.fromEntries(richColumns.map((name, i) => [name, cells[i]]));
  });
  rmSync(data, { recursive: true });
  await writeBundle(await openRun(place('run'), 'best', 1), place('bundle'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const programs: ServeProgram[] = [];
afterAll(async () => {
  for (const program of programs) program.kill('SIGKILL');
  await Promise.all(programs.map(({ ended }) => ended));
});
function serve(argv: string[], options?: ConstructorParameters<typeof ServeProgram>[1]): ServeProgram {
  const program = new ServeProgram(['--port', '0', ...argv], options);
  programs.push(program);
  return program;
}

/** The same rows as tensors, numbers as numbers. */
function tensors(some: readonly RawRow[]) {
  return richColumns
    .filter((name) => name !== 'click')
    .map((name) => {
      const isNumber = name === 'price' || name === 'age';
      const data = some.map((row) => (isNumber && row[name] !== '' ? Number(row[name]) : row[name]));
      return { name, datatype: isNumber ? 'FP64' : 'BYTES', shape: [some.length], data };
    });
}

async function infer(address: string, some: readonly RawRow[]): Promise<number[]> {
  const response = await fetch(`${address}/v2/models/ctr/infer`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ inputs: tensors(some), outputs: [{ name: 'logit' }] }),
  });
  const { outputs } = (await response.json()) as { outputs: { data: number[] }[] };
  return outputs[0].data;
}

/** Calls `ask` for all rows, in requests of `size`, `width` at a time. */
async function asked(
  size: number,
  width: number,
  ask: (some: readonly RawRow[]) => Promise<number[]>,
): Promise<number[]> {
  const starts = Array.from({ length: Math.ceil(rows.length / size) }, (_, i) => i * size);
  const found: number[][] = [];
  await Promise.all(
    Array.from({ length: width }, async () => {
      for (let at = starts.shift(); at !== undefined; at = starts.shift()) {
        found[at / size] = await ask(rows.slice(at, at + size));
      }
    }),
  );
  return found.flat();
}

describe('predictions over HTTP', () => {
  it.each([
    ['run', 1, 16, 0, 1],
    ['run', 2, 64, 2, 7],
    ['bundle', 1, 1024, 0, 100],
    ['bundle', 2, 33, 1, 1],
  ])(
    'of a %s, %i workers, batches of %i, delay of %i ms, %i rows a request: those of evaluate',
    async (name, workers, batch, delay, size) => {
      const program = serve([
        `ctr=${place(name)}`,
        '--workers',
        `${workers}`,
        '--max-batch',
        `${batch}`,
        '--max-delay-ms',
        `${delay}`,
      ]);
      const address = await program.address();
      const client = new Client(address);
      const predicted = await asked(size, 20, async (some) => (await client.predict(some)).logits);
      expect(predicted).toEqual(logits);
      expect(await asked(size, 20, (some) => infer(address, some))).toEqual(logits);
      const { families } = parseExposition(await (await fetch(`${address}/metrics`)).text());
      const sum = (metric: string) =>
        families
          .flatMap(({ samples }) => samples)
          .reduce((all, { name: found, value }) => all + (found === metric ? value : 0), 0);
      expect(sum('bitrow_rows_total')).toBe(2 * rows.length);
      expect(sum('bitrow_batch_rows_sum')).toBe(2 * rows.length);
      expect(sum('bitrow_table_bytes')).toBeGreaterThan(0);
      program.kill('SIGTERM');
      expect(await program.ended).toBe(0);
    },
  );
});

describe('the program', () => {
  it('stops at SIGTERM under load without losing a request, and says what it did', async () => {
    const program = serve([`ctr=${place('run')}`, '--json']);
    const client = new Client(await program.address(), { retries: 0 });
    let answered = 0;
    const failures: unknown[] = [];
    const ask = async () => {
      for (;;) {
        try {
          await client.predict(rows.slice(0, 50));
          answered++;
        } catch (error) {
          failures.push(error);
          return;
        }
      }
    };
    const asking = Array.from({ length: 20 }, ask);
    while (answered < 100) await new Promise((resolve) => setTimeout(resolve, 5));
    program.kill('SIGTERM');
    expect(await program.ended).toBe(0);
    await Promise.all(asking);
    // Each ended when it could connect no more, not in the middle of a request: what the server took is below. Reset is a
    // connection that only the kernel had accepted when the listening ended.
    const codes = failures.map((error) => (error as { cause?: { code?: string } }).cause?.code);
    expect(codes.filter((code) => code !== 'ECONNREFUSED' && code !== 'ECONNRESET')).toEqual([]);
    expect(codes).toHaveLength(20);
    expect(JSON.parse(program.out)).toMatchObject({
      requests: answered,
      rows: 50 * answered,
      connectionsCut: 0,
    });
  });

  it('takes a replaced model at SIGHUP and by itself, and keeps the old one when the new one is damaged', async () => {
    const path = place('served');
    cpSync(place('bundle'), path, { recursive: true });
    const program = serve([`ctr=${path}`, '--watch-seconds', '1']);
    const client = new Client(await program.address());
    const first = await client.predict(rows.slice(0, 3));
    expect(first.logits).toEqual(logits.slice(0, 3));
    const swap = (from: string) => {
      renameSync(path, place(`old${Math.random()}`));
      renameSync(from, path);
    };
    cpSync(place('run4'), place('next'), { recursive: true });
    swap(place('next'));
    program.kill('SIGHUP');
    await program.line('model replaced');
    const second = await client.predict(rows.slice(0, 3));
    expect(second.version).not.toBe(first.version);
    expect(second.logits).not.toEqual(first.logits);

    cpSync(place('bundle'), place('damaged'), { recursive: true });
    truncateSync(join(place('damaged'), 'model.onnx'), 1000);
    swap(place('damaged'));
    const { err } = await program.line('model not replaced; the one before it answers');
    expect((err as { message: string }).message).toMatch(/model\.onnx/);
    expect(await client.predict(rows.slice(0, 3))).toEqual(second);

    cpSync(place('bundle'), place('repaired'), { recursive: true });
    swap(place('repaired'));
    await program.line('model replaced', 2);
    expect(await client.predict(rows.slice(0, 3))).toEqual(first);
    program.kill('SIGTERM');
    expect(await program.ended).toBe(0);
  });

  it('answers ten times what it can take with 200 and 503 alone, in bounded memory, and is itself again at once', async () => {
    const limits = ['--queue-rows', '100', '--max-rows', '50', '--max-batch', '16'];
    const program = serve([`ctr=${place('bundle')}`, '--workers', '1', ...limits]);
    const address = await program.address();
    const resident = async () => {
      const { families } = parseExposition(await (await fetch(`${address}/metrics`)).text());
      return (
        families.find(({ name }) => name === 'process_resident_memory_bytes')?.samples[0].value ?? Number.NaN
      );
    };
    const body = JSON.stringify(rows.slice(0, 50));
    const counts = new Map<number, number>();
    /** 100 connections, 50 rows each: 5,000 rows at a time, of which 100 may wait. */
    const overload = () =>
      Promise.all(
        Array.from({ length: 100 }, async () => {
          for (let i = 0; i < 20; i++) {
            const headers = { 'content-type': 'application/json' };
            const { status } = await fetch(`${address}/predict`, { method: 'POST', headers, body });
            counts.set(status, (counts.get(status) ?? 0) + 1);
          }
        }),
      );
    await overload();
    const before = await resident();
    await overload();
    await overload();
    expect([...counts.keys()].sort()).toEqual([200, 503]);
    expect([...counts.values()].reduce((sum, n) => sum + n)).toBe(6000);
    expect(await resident()).toBeLessThan(before + 100 * 2 ** 20);
    expect((await new Client(address, { retries: 0 }).predict(rows.slice(0, 50))).logits).toEqual(
      logits.slice(0, 50),
    );
    program.kill('SIGTERM');
    expect(await program.ended).toBe(0);
  });

  it('answers 503 for what a dying thread had, replaces it and goes on', async () => {
    const program = serve([`ctr=${place('bundle')}`, '--workers', '1'], { canKillScorer: true });
    const address = await program.address();
    const client = new Client(address, { retries: 0 });
    const statuses = new Set<number>();
    let isOver = false;
    const asking = Array.from({ length: 10 }, async () => {
      while (!isOver) {
        await client.predict(rows.slice(0, 200)).then(
          () => statuses.add(200),
          (error) => statuses.add(error.status),
        );
      }
    });
    await new Promise((resolve) => setTimeout(resolve, 100));
    program.kill('SIGUSR2');
    await program.line('worker died and was replaced');
    isOver = true;
    await Promise.all(asking);
    expect([...statuses].filter((status) => status !== 200 && status !== 503)).toEqual([]);
    const again = new Client(address, { retries: 5 });
    expect((await again.predict(rows)).logits).toEqual(logits);
    expect(await (await fetch(`${address}/metrics`)).text()).toMatch(
      /bitrow_worker_failures_total\{model="ctr"\} 1/,
    );
    program.kill('SIGTERM');
    expect(await program.ended).toBe(0);
  });

  it.skipIf(process.platform !== 'linux')(
    'goes on when its log cannot be written, as on a full disk',
    async () => {
      const port = await freePort();
      const program = serve([`ctr=${place('bundle')}`, '--port', `${port}`, '--log-level', 'debug'], {
        stderr: openSync('/dev/full', 'w'),
      });
      const client = new Client(`http://127.0.0.1:${port}`);
      while (!(await client.isReady())) await new Promise((resolve) => setTimeout(resolve, 50));
      for (let i = 0; i < 20; i++)
        expect((await client.predict(rows.slice(i, i + 1))).logits[0]).toBe(logits[i]);
      program.kill('SIGTERM');
      expect(await program.ended).toBe(0);
    },
  );

  it('is ended by Ctrl-C with 130, after the requests', async () => {
    const program = serve([`ctr=${place('bundle')}`]);
    await program.address();
    program.kill('SIGINT');
    expect(await program.ended).toBe(130);
    expect(program.err).toMatch(/^Stopped; every accepted request was answered\.$/m);
  });

  it.each([
    [['nowhere'], 1, /nowhere/],
    [['a/b=c'], 2, /has the name 'b=c'/],
    [['x', 'y/x'], 2, /The model 'x' is given twice/],
    [['x', '--max-rows', '10', '--queue-rows', '5'], 2, /lower --max-rows/],
    [['x', '--token-file', '/nowhere/token'], 1, /cannot be read/],
    [['x', '--port', '99999'], 2, /--port is '99999'/],
    [['x', '--host', '256.0.0.1'], 1, /cannot listen at 256\.0\.0\.1/],
    [[], 2, /model/],
  ])('refuses %j', async (argv, code, sentence) => {
    const outcome = await bitrow(['serve', '--port', '0', '--log-level', 'silent', ...argv]);
    expect([outcome.code, outcome.err]).toEqual([code, expect.stringMatching(sentence)]);
  });
});
