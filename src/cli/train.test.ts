import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { bitrow } from '../../test/command-line.js';
import { prepareToy } from '../../test/toy-dataset.js';
import { configFromOptions } from './config-options.js';
import { Interrupted } from './interrupted.js';

const folder = mkdtempSync(join(tmpdir(), 'bitrow-train-'));
const place = (name: string) => join(folder, name);
let data: string;
beforeAll(async () => {
  data = await prepareToy(folder, { rows: 4000 });
});
afterAll(() => rmSync(folder, { recursive: true }));

const small = ['--set', 'model.hidden=[16]', '--dim', '4', '--batch-size', '512', '--threads', '1'];
const train = (out: string, ...more: string[]) =>
  bitrow(['train', '--data', data, '--out', place(out), ...small, ...more]);

const memory = {
  table: expect.any(Number),
  step: expect.any(Number),
  optimizer: expect.any(Number),
  buffers: expect.any(Number),
  total: expect.any(Number),
};

describe('bitrow train, evaluate and inspect', () => {
  it('train --json prints the result and nothing else', async () => {
    const { code, out, err } = await train(
      'first',
      '--epochs',
      '2',
      '--set',
      'optimizer.learningRate=0.02',
      '--json',
    );
    expect({ code, err }).toEqual({ code: 0, err: '' });
    const result = JSON.parse(out);
    expect(result).toEqual({
      run: place('first'),
      resumedFrom: null,
      bestEpoch: expect.any(Number),
      validation: { auc: expect.any(Number), logloss: expect.any(Number) },
      samplesPerSecond: expect.any(Number),
      seconds: expect.any(Number),
      checkpoints: { count: 2, bytes: expect.any(Number), seconds: expect.any(Number) },
      memory: { predicted: memory, allocated: memory, peakRss: expect.any(Number) },
    });
    expect(result.memory.allocated).toEqual(result.memory.predicted);
    // By what the label is drawn from, 0.71 is the best there is.
    expect(result.validation.auc).toBeGreaterThan(0.65);
    const { model, training, method } = parse(readFileSync(place('first/config.yaml'), 'utf8'));
    expect(model).toMatchObject({ dim: 4, hidden: [16] });
    expect(training).toMatchObject({ epochs: 2, batchSize: 512 });
    expect(method).toMatchObject({
      name: 'alpt',
      bits: 8,
      rounding: 'stochastic',
      stepType: 'fp32',
      hotBits: null,
    });
  });

  it('evaluate agrees with the validation of training', async () => {
    const trained = JSON.parse(readFileSync(place('first/run.json'), 'utf8')).result;
    const argv = ['evaluate', place('first'), '--data', data, '--threads', '1', '--json'];
    const validation = JSON.parse((await bitrow([...argv, '--split', 'validation'])).out);
    expect(validation).toMatchObject({ ...trained.validation, rows: 400, split: 'validation' });
    const { code, out } = await bitrow(argv);
    expect(code).toBe(0);
    const test = JSON.parse(out);
    expect(test).toMatchObject({ rows: 400, split: 'test', checkpoint: 'best', epoch: trained.bestEpoch });
    expect(test.auc).not.toBe(validation.auc);
    for (const array of ['logits', 'labels', 'weights', 'groups']) expect(test).not.toHaveProperty(array);
    expect(test.calibration.ratio).toBeCloseTo(test.calibration.predicted / test.calibration.observed);
  });

  it('evaluate says what it found in words', async () => {
    const { out } = await bitrow(['evaluate', place('first'), '--data', data, '--checkpoint', 'last']);
    expect(out).toMatch(/last model \(epoch 2\) on test, 400 rows/);
    for (const name of ['AUC', 'logloss', 'normalized entropy', 'predicted rate', 'observed rate']) {
      expect(out).toMatch(new RegExp(`  ${name} +0\\.\\d+`));
    }
  });

  it('an unknown split is answered with those there are', async () => {
    const { code, err } = await bitrow(['evaluate', place('first'), '--data', data, '--split', 'tset']);
    expect({ code, err }).toEqual({
      code: 2,
      err: "Unknown split 'tset' (known: train, validation, test).\n",
    });
  });

  it('inspect tells runs, data sets and files apart', async () => {
    const run = JSON.parse((await bitrow(['inspect', place('first'), '--json'])).out);
    const manifest = JSON.parse(readFileSync(join(data, 'manifest.json'), 'utf8'));
    const rows = manifest.vocabularies.reduce((sum: number, { size }: { size: number }) => sum + size, 0);
    expect(run).toMatchObject({
      kind: 'run',
      modelChecksum: expect.stringMatching(/^[0-9a-f]{64}$/),
      fingerprint: manifest.fingerprint,
      method: 'alpt',
      bits: 8,
      rows,
      dim: 4,
      epoch: 2,
    });
    const dataset = JSON.parse((await bitrow(['inspect', data, '--json'])).out);
    expect(dataset).toMatchObject({ kind: 'dataset', dataset: 'toy', tableRows: rows });
    const file = JSON.parse((await bitrow(['inspect', place('first/best.safetensors'), '--json'])).out);
    expect(file.tensors).toContainEqual({
      name: 'mlp.0.weight',
      dtype: 'F32',
      shape: [12, 16],
      sizeBytes: 768,
    });
    expect((await bitrow(['inspect', folder])).err).toMatch(/is neither a run/);
    expect((await bitrow(['inspect', place('nowhere')])).err).toMatch(/There is nothing at/);
  });

  it('the summary says what memory was held and what to do next', async () => {
    const { code, out } = await train('words', '--epochs', '1', '--method', 'full');
    expect(code).toBe(0);
    expect(out).toMatch(/^Best epoch 1: validation AUC 0\.\d{5}, logloss 0\.\d{5}\n/);
    expect(out).toMatch(/^1 checkpoint of [\d.]+ [kM]?B, \d+\.\d s in all \(\d+\.\d % of the time\)$/m);
    expect(out).toMatch(/Memory, allocated as predicted\n {2}table +\d/);
    expect(out).toMatch(/fp32 with fp32 Adam/);
    expect(out).toContain(`Next: bitrow evaluate ${place('words')} --data ${data}`);
    const run = JSON.parse((await bitrow(['inspect', place('words'), '--json'])).out);
    expect(run).toMatchObject({ method: 'full', bits: null, rounding: null });
  });

  it('an existing run is refused, and replaced with --force', async () => {
    const refused = await train('words', '--epochs', '1', '--bits', '2');
    expect(refused.code).toBe(1);
    expect(refused.err).toMatch(/exists\.\nhelp: .*--resume.*--force/);
    expect((await train('words', '--epochs', '1', '--bits', '2', '--force')).code).toBe(0);
    const run = JSON.parse((await bitrow(['inspect', place('words'), '--json'])).out);
    expect(run).toMatchObject({ method: 'alpt', bits: 2 });
  });
});

describe('the configuration of a run', () => {
  const config = (run: string) => parse(readFileSync(place(`${run}/config.yaml`), 'utf8'));

  it('later wins: preset, file, flags, --set', async () => {
    writeFileSync(
      place('my.yaml'),
      'training: { epochs: 7, patience: 3 }\noptimizer: { weightDecay: 0.5 }\n',
    );
    const outcome = await bitrow([
      ...['train', '--data', data, '--out', place('layers'), '--threads', '1', '--preset', 'criteo'],
      ...['--config', place('my.yaml'), '--epochs', '1', '--batch-size', '1000', '--bits', '4'],
      ...['--set', 'model.hidden=[8]', 'training.batchSize=2000', '--set', 'training.seed=9'],
    ]);
    expect(outcome.err).not.toMatch(/error/);
    expect(outcome.code).toBe(0);
    const { model, optimizer, training, alpt, method } = config('layers');
    expect(training).toMatchObject({ epochs: 1, patience: 3, batchSize: 2000, seed: 9 });
    expect(optimizer).toMatchObject({ weightDecay: 0.5, drops: { afterEpochs: [6, 9], factor: 0.1 } });
    expect(model).toMatchObject({ crossLayers: 4, hidden: [8], dropout: 0.2 });
    // The preset's settings for few bits follow a width that only a flag gives.
    expect({ bits: method.bits, decay: alpt.stepWeightDecay }).toEqual({ bits: 4, decay: 1e-6 });
  });

  it('takes another model than the preset is for, and says which of its options mean nothing then', async () => {
    const said: string[] = [];
    const options = { preset: 'criteo', model: 'dnn', set: ['model.hidden=[8]'] };
    const { model } = await configFromOptions(options, undefined, (sentence) => said.push(sentence));
    expect(said).toEqual([
      "The preset 'criteo' is for the model 'dcn': its crossLayers means nothing to 'dnn' and is left out.",
    ]);
    // What both have stays.
    expect(model).toMatchObject({ name: 'dnn', hidden: [8], dropout: 0.2, batchNorm: false });
  });

  it.each([
    [
      ['--method', 'full', '--bits', '8'],
      /^The method 'full' has no width to choose, so --bits means nothing/,
    ],
    [['--method', 'full', '--rounding', 'stochastic'], /^The method 'full' rounds nothing, so --rounding/],
    [
      ['--method', 'lsq', '--rounding', 'stochastic'],
      /^The method 'lsq' is defined with deterministic round/,
    ],
    [
      ['--method', 'pact', '--set', 'method.rounding=stochastic'],
      /so --set method.rounding=stochastic means/,
    ],
    [['--method', 'full', '--set', 'method.bits=4'], /so --set method.bits means nothing/],
    [
      ['--method', 'lsq', '--set', 'method.hotBits=8'],
      /^The method 'lsq' stores all rows alike, so --set method.hotBits means nothing for it.*: lpt, alpt, lpt-row\n$/s,
    ],
    [
      ['--method', 'nested', '--bits', '4', '--set', 'method.hotBits=8'],
      /^The method 'nested' stores all rows alike/,
    ],
    [['--set', 'method.hotShare=0.1'], /^No rows are hot, so --set method.hotShare means nothing/],
    [['--set', 'method.hotBits=4'], /^method.hotBits is 4 \(allowed: /],
    [['--set', 'method.hotBits=8'], /^method.hotBits is 8, but all rows have 8 bits \(allowed: more than 8/],
    [
      ['--method', 'lsq', '--set', 'method.stepType=fp16'],
      /^Rows of the method 'lsq' have no step of their own in few bits, so --set method.stepType=fp16 means/,
    ],
    [
      ['--set', 'alpt.stepOptimizer=sgd'],
      /^alpt.stepLearningRate is not given \(allowed: 0 and above; no default fits sgd/,
    ],
    [['--set', 'method.stepType=fp8'], /^method.stepType is "fp8" \(allowed: fp32, fp16\)/],
    [['--bits', '7'], /^The option --bits is 7 \(allowed: 2, 4, 8, 16\)/],
    [['--bits', 'eight'], /^The option --bits is 'eight'/],
    [['--method', 'alp'], /^Unknown method 'alp' \(known: full, lpt, alpt/],
    [['--model', 'dnc'], /^Unknown model 'dnc' \(known: dcn/],
    [['--rounding', 'up'], /^Unknown rounding 'up' \(known: stochastic, deterministic/],
    [['--preset', 'crito'], /^Unknown preset 'crito' \(known: criteo, avazu/],
    [['--set', 'model.dims=3'], /^Unknown option 'model.dims' \(known here: name, dim/],
    [
      ['--preset', 'criteo', '--model', 'dnn', '--set', 'model.crossLayers=3'],
      /^Unknown option 'model.crossLayers' \(known here: name, dim, initialDeviation, hidden, dropout, batchNorm\)\.\n?help: crossLayers is an option of dcn, dcn-v2/,
    ],
    [['--set', 'seed'], /^--set takes path.to.option=value, not 'seed'/],
    [['--config', '/nowhere/my.yaml'], /^The configuration '\/nowhere\/my.yaml' cannot be read/],
    [['--threads', '5000'], /^The option --threads is '5000', but must be a whole number from 1 to 1024/],
    [['--epochs', '0'], /^The option --epochs is '0', but must be a whole number from 1 up/],
    [
      ['--set', 'lpt.clip=0.2'],
      /^The method 'alpt' does not read the options of 'lpt', so --set lpt.clip means/,
    ],
    [
      ['--method', 'full', '--set', 'alpt.stepFloor=1'],
      /^The method 'full' does not read the options of 'alpt'/,
    ],
    [
      ['--checkpoint-minutes', '0'],
      /^The option --checkpoint-minutes is '0', but must be a number above 0, or 'never'/,
    ],
    [['--checkpoint-minutes', 'often'], /^The option --checkpoint-minutes is 'often'/],
    [['--resume', '--force'], /^--resume goes on with a run, --force replaces it/],
    [['--thread', '1'], /^Unknown option '--thread' \(known: --data, --out/],
  ])('%j is bad usage', async (argv, message) => {
    const { code, err, out } = await train('bad', ...argv);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toMatch(message);
    expect(existsSync(place('bad'))).toBe(false);
  });

  it('with --json a failure is one object', async () => {
    const { code, out } = await train('bad', '--method', 'full', '--bits', '8', '--json');
    expect(code).toBe(2);
    expect(JSON.parse(out)).toEqual({
      error: expect.stringMatching(/^The method 'full'/),
      help: expect.stringMatching(/lpt, alpt/),
    });
  });

  it('--help shows an example, and with --json the schema', async () => {
    const text = await bitrow(['train', '--help']);
    expect(text.code).toBe(0);
    expect(text.out).toMatch(/Example:\n {2}bitrow train --data/);
    const { code, out } = await bitrow(['train', '--help', '--json']);
    const schema = JSON.parse(out);
    expect({ code, type: schema.type }).toEqual({ code: 0, type: 'object' });
    expect(Object.keys(schema.properties)).toEqual(
      expect.arrayContaining(['model', 'method', 'alpt', 'training']),
    );
    expect(JSON.parse((await bitrow(['evaluate', '--help', '--json'])).out).help).toMatch(/--split/);
  });
});

describe('a run that is stopped', () => {
  const resume = (...more: string[]) =>
    bitrow(['train', '--resume', '--out', place('stopped'), '--threads', '1', ...more]);

  it('writes a checkpoint, and ends with 130 and a sentence', async () => {
    const controller = new AbortController();
    const argv = [
      'train',
      '--data',
      data,
      '--out',
      place('stopped'),
      ...small,
      '--epochs',
      '10000',
      '--json',
    ];
    const running = bitrow([...argv, '--set', 'training.patience=10000'], controller.signal);
    while (!existsSync(place('stopped/best.safetensors')))
      await new Promise((resolve) => setTimeout(resolve, 10));
    controller.abort(new Interrupted());
    const { code, out } = await running;
    expect(code).toBe(130);
    expect(JSON.parse(out).error).toMatch(
      /^Stopped; '.*' holds a checkpoint of epoch \d+, step \d+\. To finish, go on with `bitrow train --resume --out .*`\.$/,
    );
    expect((await bitrow(['evaluate', place('stopped'), '--data', data])).code).toBe(0);
    expect(existsSync(place('stopped/lock'))).toBe(false);
  });

  it('takes everything from the run, and names an option that differs with both values', async () => {
    for (const [argv, message] of [
      [['--batch-size', '100'], 'training.batchSize is 100, but the run has 512.'],
      [['--epochs', '2'], 'training.epochs is 2, but the run has 10000.'],
      [['--bits', '4'], 'method.bits is 4, but the run has 8.'],
      [['--set', 'alpt.stepFloor=1e-9'], 'alpt.stepFloor is 1e-9, but the run has 1e-8.'],
      [['--preset', 'avazu'], 'model.dim is 16, but the run has 4.'],
      [['--from', place('first')], `--from is '${place('first')}', but the run began from no other run.`],
    ] as const) {
      const { code, err } = await resume(...argv);
      expect({ code, err }).toEqual({ code: 2, err: expect.stringContaining(message) });
    }
    const method = await resume('--method', 'full');
    expect(method.err).toMatch(/^method\.name is "full", but the run has "alpt"\./);
  });

  it('is in use while a process trains it', async () => {
    const owner = {
      pid: process.ppid,
      host: hostname(),
      start: 'unknown',
      since: '2026-01-01T00:00:00.000Z',
    };
    writeFileSync(place('stopped/lock'), JSON.stringify(owner));
    const { code, err } = await resume();
    expect(code).toBe(1);
    expect(err).toContain(`is being trained by process ${process.ppid} on host '${hostname()}' since 2026`);
    rmSync(place('stopped/lock'));
  });

  it('says so when there is no model yet', async () => {
    const controller = new AbortController();
    controller.abort(new Interrupted());
    const argv = ['train', '--data', data, '--out', place('early'), ...small];
    const { code, err } = await bitrow(argv, controller.signal);
    expect({ code, err }).toEqual({ code: 130, err: expect.stringMatching(/holds no model yet\.\n$/) });
    expect((await bitrow(['inspect', place('early')])).err).toMatch(/holds no model yet/);
    const resumed = await bitrow(['train', '--resume', '--out', place('early'), '--epochs', '15', '--json']);
    expect(JSON.parse(resumed.out)).toMatchObject({ resumedFrom: null, bestEpoch: expect.any(Number) });
  });

  it('needs data where there is nothing to resume', async () => {
    const { code, err } = await bitrow(['train', '--resume', '--out', place('nowhere')]);
    expect({ code, err }).toEqual({
      code: 2,
      err: expect.stringMatching(/^There is no run at .* to resume/),
    });
  });
});

describe('a run that continues another', () => {
  it('takes its configuration, for as many more epochs as are asked for', async () => {
    const argv = [
      'train',
      '--data',
      data,
      '--out',
      place('more'),
      '--from',
      place('first'),
      '--threads',
      '1',
    ];
    const refused = await bitrow([...argv, '--epochs', '1', '--seed', '2']);
    expect({ code: refused.code, err: refused.err }).toEqual({
      code: 2,
      err: expect.stringMatching(/^training\.seed is 2, but the run has 1\./),
    });
    expect(existsSync(place('more'))).toBe(false);
    const { out } = await bitrow([...argv, '--epochs', '1', '--set', 'optimizer.learningRate=0.01']);
    expect(out).toMatch(/^Best epoch 3: /);
    const config = (run: string) => parse(readFileSync(place(`${run}/config.yaml`), 'utf8'));
    const { optimizer, training, ...others } = config('first');
    expect(config('more')).toEqual({
      ...others,
      optimizer: { ...optimizer, learningRate: 0.01 },
      training: { ...training, epochs: 1 },
    });
    const again = await bitrow([...argv, '--resume', '--json']);
    expect(JSON.parse(again.out)).toMatchObject({ bestEpoch: 3 });
  });
});

describe('a split of one class', () => {
  it('has metrics that are null, and words for it', async () => {
    const side = mkdtempSync(join(folder, 'one-class-'));
    // The split is row mod 10: validation and test hold no positive.
    const oneClass = await prepareToy(side, { rows: 500, label: (_user, _item, row) => row % 10 < 4 });
    const run = join(side, 'run');
    const argv = ['train', '--data', oneClass, '--out', run, ...small, '--epochs', '1'];
    expect(JSON.parse((await bitrow([...argv, '--json'])).out).validation.auc).toBeNull();
    const evaluate = ['evaluate', run, '--data', oneClass];
    const json = JSON.parse((await bitrow([...evaluate, '--json'])).out);
    expect(json).toMatchObject({ auc: null, normalizedEntropy: null, logloss: expect.any(Number) });
    expect(json.calibration).toMatchObject({ observed: 0, ratio: null });
    expect((await bitrow(evaluate)).out).toMatch(/AUC +undefined \(one class\)/);
  });
});
