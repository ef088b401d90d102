// A run made from another's model is the run that training would have made, in every bit of its scores; and it is a
// run like any other.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { MethodName } from '../src/embedding/methods.js';
import { merge, type PartialConfig, resolveConfig } from '../src/runs/resolve-config.js';
import { RunDirectory } from '../src/runs/run-directory.js';
import { evaluate } from '../src/scoring/evaluate.js';
import { deriveRun } from '../src/training/derive.js';
import { train } from '../src/training/train.js';
import { bitrow } from './command-line.js';
import { prepareToy } from './toy-dataset.js';

const folder = mkdtempSync(join(tmpdir(), 'bitrow-derive-'));
const place = (name: string) => join(folder, name);
afterAll(() => rmSync(folder, { recursive: true }));

const small: PartialConfig = {
  model: { dim: 6, hidden: [8] },
  method: { name: 'full', bits: 4 },
  optimizer: { learningRate: 0.01 },
  dense: { learningRate: null },
  training: { epochs: 1, batchSize: 128 },
};
const configOf = (name: MethodName, more: PartialConfig = {}) =>
  resolveConfig(merge(small, { method: { name } }, more));

let data: string;
beforeAll(async () => {
  data = await prepareToy(folder, { rows: 4000 });
  await train({ data, out: place('full'), config: configOf('full'), threads: 2 });
});

/** What a run scores, but for its name. */
async function scores(run: string) {
  return evaluate({ run, data, threads: 2 });
}

describe('deriveRun', () => {
  it.each([
    ['round', { method: { bits: 4 } }],
    ['round', { method: { bits: 2 } }],
    ['round', { method: { bits: 8 } }],
    ['magnitude', {}],
    ['magnitude', { magnitude: { sparsity: 0.8 } }],
  ] as const)('makes the run of %s with %j that training makes', async (name, more) => {
    const config = configOf(name, more);
    const [trained, derived] = [place('trained'), place('derived')];
    await train({ data, out: trained, config, threads: 1, force: true });
    await deriveRun({ from: place('full'), out: derived, config, force: true });
    const expected = await scores(trained);
    expect(await scores(derived)).toEqual(expected);
    // And it is not the model of `full`.
    expect(expected.logits).not.toEqual((await scores(place('full'))).logits);
    const [was, is] = await Promise.all([trained, derived].map((run) => bitrow(['inspect', run, '--json'])));
    const { path: _, checkpointBytes: __, ...said } = JSON.parse(was.out);
    expect(JSON.parse(is.out)).toMatchObject(said);
  });

  it('makes a finished run that keeps its data and the lines of its training, and says what it comes from', async () => {
    const run = place('kept');
    await deriveRun({ from: place('full'), out: run, config: configOf('magnitude') });
    const directory = await RunDirectory.open(run);
    const source = await RunDirectory.open(place('full'));
    expect(directory.run).toMatchObject({
      state: 'finished',
      derived: { run: place('full'), id: source.run.id },
    });
    expect(directory.run.id).not.toBe(source.run.id);
    const [line] = (await source.metrics()) as Record<string, unknown>[];
    expect(line.validation).not.toBeNull();
    // Its model was not scored on validation.
    expect(await directory.metrics()).toEqual([{ ...line, validation: null }]);
    expect(readFileSync(join(run, 'dataset.json'))).toEqual(
      readFileSync(join(place('full'), 'dataset.json')),
    );
    const predictions = place('predictions.csv');
    const argv = ['predict', run, '--input', place('rows.csv'), '--out', predictions];
    expect(await bitrow(argv)).toMatchObject({ code: 0 });
    // It has no optimizer state, and nothing goes on from it.
    const on = { data, out: place('on'), config: configOf('magnitude'), threads: 1, from: run };
    await expect(train(on)).rejects.toThrow(/holds a model without optimizer state/);
  });

  it('refuses what is not a finished run of full with the same training', async () => {
    const from = place('full');
    const out = place('refused');
    const refusal = (config: ReturnType<typeof configOf>, source = from) =>
      deriveRun({ from: source, out, config });
    await expect(refusal(configOf('pruning'))).rejects.toThrow(
      "The method 'pruning' is not made from a run of another one (those that are: magnitude, round).",
    );
    await expect(refusal(configOf('round', { training: { seed: 5 } }))).rejects.toThrow(
      'training.seed is 5, but the run has 1.',
    );
    await expect(refusal(configOf('round', { optimizer: { learningRate: 0.5 } }))).rejects.toThrow(
      'optimizer.learningRate is 0.5, but the run has ',
    );
    const magnitude = place('other');
    await deriveRun({ from, out: magnitude, config: configOf('magnitude') });
    await expect(refusal(configOf('round'), magnitude)).rejects.toThrow(
      `A model of 'round' is made from a run of 'full', but '${magnitude}' is one of 'magnitude'.`,
    );
    await expect(deriveRun({ from, out: magnitude, config: configOf('round') })).rejects.toThrow(/exists/);
    const stopped = place('stopped');
    const abort = new AbortController();
    const onProgress = ({ kind }: { kind: string }) => kind === 'batch' && abort.abort();
    const stopping = { data, out: stopped, config: configOf('full'), threads: 1, onProgress };
    await expect(train({ ...stopping, signal: abort.signal })).rejects.toThrow();
    await expect(refusal(configOf('round'), stopped)).rejects.toThrow(
      `The run '${stopped}' is not finished.`,
    );
  });
});
