// `bitrow quantize RUN`: the rows that are written are what the network sees, quantized; what is scored after is what was
// written.
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { MethodName } from '../src/embedding/methods.js';
import { NpyReader } from '../src/formats/npy-reader.js';
import { SafetensorsReader } from '../src/formats/safetensors-reader.js';
import { evaluate, resolveConfig, train } from '../src/index.js';
import { roundMinMax } from '../src/posttraining/min-max.js';
import { QuantizedFile } from '../src/posttraining/open-quantized.js';
import type { PartialConfig } from '../src/runs/resolve-config.js';
import { openRun } from '../src/scoring/open-run.js';
import { tableSource } from '../src/scoring/table-source.js';
import { bitrow } from './command-line.js';
import { prepareToy } from './toy-dataset.js';

const folder = mkdtempSync(join(tmpdir(), 'bitrow-quantize-run-'));
const place = (name: string) => join(folder, name);
const DIM = 8;
let data: string;

beforeAll(async () => {
  data = await prepareToy(folder, { rows: 3000 });
  await trained('full');
});
afterAll(() => rmSync(folder, { recursive: true }));

async function trained(name: MethodName, more: PartialConfig = {}, out = place(name)): Promise<string> {
  const config = resolveConfig(
    {
      model: { dim: DIM, hidden: [8] },
      method: { name },
      training: { epochs: 1, batchSize: 256, patience: 100 },
      optimizer: { learningRate: 0.02 },
      dense: { learningRate: null },
    },
    more,
  );
  await train({ data, out, config, threads: 1 });
  return out;
}

/** Runs the command with --json. */
async function quantize(run: string, out: string, ...more: string[]) {
  const argv = ['quantize', run, '--out', place(out), '--threads', '1', ...more, '--json'];
  const { code, out: text, err } = await bitrow(argv);
  expect({ code, err }).toEqual({ code: 0, err: '' });
  return JSON.parse(text);
}

/** All rows of a run as the network sees them. */
async function values(run: string) {
  const source = tableSource((await openRun(run, 'best', 1)).table);
  const rows = new Float32Array(source.rows * source.dim);
  await source.read(0, rows);
  return rows;
}

describe('bitrow quantize RUN', () => {
  it('writes what the network sees of each row, whatever the run stores', async () => {
    for (const run of [place('full'), await trained('alpt', { method: { bits: 8, hotBits: 16 } })]) {
      const { rows } = await quantize(
        run,
        'rows.safetensors',
        '--method',
        'minmax',
        '--bits',
        '8',
        '--force',
      );
      const expected = await values(run);
      roundMinMax(expected, DIM, 8);
      const file = await QuantizedFile.open(place('rows.safetensors'));
      const read = new Float32Array(rows * DIM);
      await file.source('embedding').read(0, read);
      await file.close();
      expect(read).toEqual(expected);
    }
  });

  it('says which row stands for a value, and of which run and data', async () => {
    await quantize(place('full'), 'about.safetensors', '--method', 'minmax', '--bits', '4');
    const { directory } = await openRun(place('full'), 'best', 1);
    const file = await SafetensorsReader.open(place('about.safetensors'));
    await file.close();
    const { run, fingerprint, firstRows } = file.metadata;
    expect([run, fingerprint]).toEqual([directory.run.id, directory.run.dataset.fingerprint]);
    const [users, items] = directory.run.dataset.vocabularySizes;
    expect(JSON.parse(firstRows)).toEqual({ user: 0, item: users, hour: users + items });
  });

  it('scores what it has written, by tenths too, from either kind of file to the same bits', async () => {
    const asked = ['--method', 'minmax', '--bits', '2', '--data', data];
    const ours = await quantize(place('full'), 'scored.safetensors', ...asked);
    const { scores } = ours;
    const { auc, logloss, rows } = await evaluate({ run: place('full'), data, threads: 1, by: 'deciles' });
    expect(scores).toMatchObject({ split: 'test', before: { auc, logloss, rows } });
    expect(scores.after.logloss).not.toBe(logloss);
    expect(scores.after.deciles).toHaveLength(10);
    const tenths: { rows: number; logloss: number }[] = scores.after.deciles;
    const mean = tenths.reduce((sum, tenth) => sum + tenth.rows * tenth.logloss, 0) / rows;
    expect(mean).toBeCloseTo(scores.after.logloss, 9);
    const torch = await quantize(place('full'), 'scored.npy', '--layout', 'torch-rows', ...asked);
    expect(torch.scores).toEqual(scores);
    const array = await NpyReader.open(place('scored.npy'));
    await array.close();
    expect(array.header.shape).toEqual([ours.rows, DIM / 4 + 4]);
    // What the run's values rounded by hand come to, with sides in fp32: not far from fp16 ones.
    const round = await trained('round', { method: { bits: 2 } });
    const byHand = await evaluate({ run: round, data, threads: 1 });
    expect(scores.after.logloss).toBeCloseTo(Number(byHand.logloss), 3);
  });

  it('prints the cost as a table', async () => {
    const argv = ['quantize', place('full'), '--out', place('text.safetensors'), '--method', 'minmax'];
    const { out } = await bitrow([...argv, '--bits', '4', '--data', data, '--split', 'validation']);
    expect(out).toContain('What it costs on validation:');
    expect(out).toMatch(
      /\n {2}all rows +300 +0\.\d{5} +0\.\d{5} +[+−]?0\.\d{5} +0\.\d{5} +0\.\d{5} +[+−]?0\.\d{5}\n/,
    );
    expect(out.match(/\n {2}tenth /g)).toHaveLength(10);
  });

  it('quantizes for the logit with --data alone, and moves the logloss less than min-max', async () => {
    const asked = ['--bits', '2', '--data', data];
    const minmax = await quantize(place('full'), 'l1.safetensors', '--method', 'minmax', ...asked);
    const logit = await quantize(place('full'), 'l2.safetensors', '--method', 'logit', ...asked);
    const moved = ({ scores: { before, after } }: typeof minmax) => Math.abs(after.logloss - before.logloss);
    expect(logit.bytesAfter).toBe(minmax.bytesAfter);
    expect(moved(logit)).toBeLessThan(moved(minmax));
    const argv = ['quantize', place('full'), '--out', place('l3.safetensors'), '--method', 'logit'];
    expect(await bitrow([...argv, '--bits', '2'])).toMatchObject({
      code: 2,
      err: expect.stringContaining('quantize a run with --data'),
    });
    expect(existsSync(place('l3.safetensors'))).toBe(false);
  });

  it('quantizes the stored rows of hashing, and leaves first-order weights as they are', async () => {
    const hashing = await trained('hashing', { hashing: { ratio: 3 } });
    const pairs = await quantize(
      hashing,
      'h.safetensors',
      '--method',
      'minmax',
      '--bits',
      '8',
      '--data',
      data,
    );
    const { run, table } = await openRun(hashing, 'best', 1).then(({ directory, table }) => ({
      run: directory.run,
      table: tableSource(table),
    }));
    expect(pairs.rows).toBe(table.rows);
    expect(pairs.rows).toBeLessThan(run.dataset.vocabularySizes.reduce((sum, size) => sum + size, 0));
    expect(pairs.scores.after.logloss).toBeCloseTo(pairs.scores.before.logloss, 3);
    const deep = await trained('full', { model: { name: 'deepfm' } }, place('deepfm'));
    const { leftOut } = await quantize(
      deep,
      'd.safetensors',
      '--method',
      'minmax',
      '--bits',
      '8',
      '--data',
      data,
    );
    expect(leftOut).toEqual([
      { name: 'first-order', reason: expect.stringMatching(/^has one fp32 number in each of its \d+ rows/) },
    ]);
  });

  it('refuses what means nothing to a run, before anything is written', async () => {
    const failure = async (...more: string[]) => {
      const argv = ['quantize', place('full'), '--out', place('no.safetensors'), '--method', 'minmax'];
      const { code, err } = await bitrow([...argv, '--bits', '4', ...more]);
      return [code, err.trim()];
    };
    expect(await failure('--split', 'test')).toEqual([
      2,
      'The option --split is for scoring the run: there is nothing to score it on.\nhelp: pass --data DIR, the data set that the run was trained on',
    ]);
    expect(await failure('--tensor', 'embedding')).toEqual([
      2,
      expect.stringContaining("'--tensor is for .safetensors files".slice(1)),
    ]);
    expect(await failure('--data', data, '--split', 'tset')).toEqual([
      2,
      expect.stringContaining('train, validation, test'),
    ]);
    expect(existsSync(place('no.safetensors'))).toBe(false);
  });
});
