// An open bundle: threads that score independently and are replaced when they die, and a directory that is damaged.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { Worker } from 'node:worker_threads';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type BatchReport,
  type Model,
  type OpenOptions,
  open,
  type RawRow,
  ScoringFailure,
  UserError,
} from '../src/index.js';
import type { Bundle } from '../src/scoring/bundle/bundle-file.js';
import { BundleFolder, rawRows } from './bundle-fixture.js';
import { prepareToy } from './toy-dataset.js';

const folder = new BundleFolder();
let bundle: string;
let run: string;
let rows: RawRow[];
let logits: Float32Array;

beforeAll(async () => {
  const data = await prepareToy(folder.path, { rows: 3000 });
  rows = rawRows(join(folder.path, 'rows.csv'));
  run = await folder.run(data, { method: { name: 'alpt', bits: 4 }, model: { name: 'deepfm' } });
  bundle = await folder.bundle(run, { partBytes: 300 });
  // What follows needs the bundle alone.
  rmSync(data, { recursive: true });
  logits = await withModel({}, async (model) => (await model.predict(rows)).logits, run);
});
afterAll(() => folder.remove());

async function withModel<T>(
  options: OpenOptions,
  work: (model: Model, workers: Worker[]) => Promise<T>,
  path = bundle,
): Promise<T> {
  const started: Worker[] = [];
  const note = (worker: Worker) => started.push(worker);
  process.on('worker', note);
  const model = await open(path, options);
  process.off('worker', note);
  try {
    return await work(model, started.slice(-(options.workers ?? 1)));
  } finally {
    await model.close();
  }
}

describe('threads', () => {
  it.each([
    [1, 1024, 3000],
    [2, 16, 7],
    [3, 50, 333],
    [2, 700, 3000],
  ])(
    '%i of them, batches of %i and calls of %i rows give the logits of the run',
    async (workers, maxBatch, size) => {
      await withModel({ workers, maxBatch }, async (model) => {
        const firsts = Array.from({ length: Math.ceil(rows.length / size) }, (_, i) => i * size);
        const found = await Promise.all(
          firsts.map((first) => model.predict(rows.slice(first, first + size))),
        );
        expect(found.flatMap((call) => [...call.logits])).toEqual([...logits]);
      });
    },
  );

  it('say of each batch how many rows and calls it had, and where the time went', async () => {
    const batches: BatchReport[] = [];
    await withModel({ maxBatch: 64, onBatch: (batch) => batches.push(batch) }, async (model) => {
      const calls = [model.predict(rows.slice(0, 100)), model.predict(rows.slice(0, 30))];
      expect(model.queuedRows).toBe(130);
      await Promise.all(calls);
      expect(model.queuedRows).toBe(0);
    });
    expect(batches.map((batch) => [batch.rows, batch.calls])).toEqual([
      [64, 1],
      [64, 2],
      [2, 1],
    ]);
    for (const { calls, queueMs, lookupMs, networkMs } of batches) {
      expect(queueMs).toHaveLength(calls);
      expect(Math.min(...queueMs, lookupMs, networkMs)).toBeGreaterThanOrEqual(0);
    }
  });

  it('wait for rows as long as they may, and no longer', async () => {
    const batches: number[] = [];
    const onBatch = ({ calls }: BatchReport) => batches.push(calls);
    await withModel({ maxDelayMs: 300, maxBatch: 16, onBatch }, async (model) => {
      const first = model.predict(rows.slice(0, 1));
      await wait(20);
      await Promise.all([first, model.predict(rows.slice(1, 2))]);
      expect(batches).toEqual([2]);
      const began = performance.now();
      await model.predict(rows.slice(0, 16));
      // A full batch does not wait.
      expect(performance.now() - began).toBeLessThan(250);
    });
    await expect(open(bundle, { maxDelayMs: -1 })).rejects.toThrow(
      'maxDelayMs is -1 (allowed: numbers from 0)',
    );
    await expect(open(bundle, { workers: 0 })).rejects.toThrow(UserError);
  });

  it('that die end the calls they had, and are replaced', async () => {
    const failures: Error[] = [];
    const options = { workers: 2, maxBatch: 16, onWorkerFailure: (error: Error) => failures.push(error) };
    await withModel(options, async (model, workers) => {
      const ended = model.predict(rows);
      // There is no such batch: its thread throws.
      workers[0].postMessage({ batch: 99, rows: 1 });
      await expect(ended).rejects.toThrow(ScoringFailure);
      await expect(ended).rejects.not.toBeInstanceOf(UserError);
      expect(model.queuedRows).toBe(0);
      expect(failures.map(({ name }) => name)).toEqual(['ScoringFailure']);
      expect((await model.predict(rows)).logits).toEqual(logits);
      // Both die, while they have nothing to do; a call waits for their successors.
      await Promise.all(workers.map((worker) => worker.terminate()));
      await wait(50);
      await Promise.all([model.predict(rows.slice(0, 500)), model.predict(rows)]).then(([, all]) =>
        expect(all.logits).toEqual(logits),
      );
    });
    expect(failures.length).toBeGreaterThan(1);
  });

  it('do not hold a signal’s call', async () => {
    await withModel({ maxBatch: 16 }, async (model) => {
      const controller = new AbortController();
      const stopped = model.predict(rows, { signal: controller.signal });
      const other = model.predict(rows.slice(0, 40));
      controller.abort(new Error('enough'));
      await expect(stopped).rejects.toThrow('enough');
      expect(model.queuedRows).toBe(40);
      expect((await other).logits).toEqual(logits.slice(0, 40));
    });
  });
});

describe('a bundle', () => {
  it('scores rows whose ids are known', async () => {
    await withModel({ maxBatch: 100 }, async (model) => {
      const some = rows.slice(0, 300);
      const ids = new Uint32Array(some.length * 3);
      for (const [f, { name }] of model.schema.fields.entries()) {
        const values = some.map((row) => (row[name] === '' ? null : String(row[name])));
        for (const [i, id] of model.embeddings(name, values).ids.entries()) ids[i * 3 + f] = id;
      }
      const expected = await model.predict(some);
      expect(await model.predictEncoded({ ids, rows: some.length })).toEqual(expected);
      // What the vocabulary does not have is OOV.
      const [unknown, zero] = [
        Uint32Array.of(ids[0], 4_000_000_000, ids[2]),
        Uint32Array.of(ids[0], 0, ids[2]),
      ];
      const found = await model.predictEncoded({ ids: unknown, rows: 1 });
      expect(found).toEqual(await model.predictEncoded({ ids: zero, rows: 1 }));
      expect(found.oov).toEqual({ user: 0, item: 1, hour: 0 });
      // Batches are of one kind; calls of both take turns, and none fills a batch.
      const parts = Array.from({ length: 20 }, (_, i) => ({ from: 15 * i, to: 15 * i + 15 }));
      const mixed = await Promise.all(
        parts.map(({ from, to }, i) =>
          i % 2 === 0
            ? model.predict(some.slice(from, to))
            : model.predictEncoded({ ids: ids.slice(3 * from, 3 * to), rows: to - from }),
        ),
      );
      for (const [i, { from, to }] of parts.entries())
        expect(mixed[i].logits).toEqual(expected.logits.slice(from, to));
      await expect(model.predictEncoded({ ids, rows: 299 })).rejects.toThrow(
        '299 encoded rows have 900 ids and 0 numbers (allowed: 3 ids and 0 numbers a row)',
      );
    });
  });

  it('needs no vocabularies where rows have ids', async () => {
    const some = rows.slice(0, 300);
    const ids = await withModel({}, async (model) =>
      some.map((row) =>
        Object.fromEntries(
          model.inputs.map(({ column }) => {
            const [id] = model.embeddings(column, [row[column] === '' ? null : String(row[column])]).ids;
            return [column, id];
          }),
        ),
      ),
    );
    const expected = await withModel({}, (model) => model.predict(some));
    await withModel({ vocabularies: false, workers: 2, maxBatch: 50 }, async (model) => {
      expect(await model.predict(ids)).toEqual(expected);
      const flat = Uint32Array.from(ids.flatMap((row) => Object.values(row)));
      expect(await model.predictEncoded({ ids: flat, rows: ids.length })).toEqual(expected);
      const oov = await model.predict([
        { ...ids[0], item: 4_000_000_000 },
        { ...ids[0], item: 0 },
      ]);
      expect(oov.logits[0]).toBe(oov.logits[1]);
      expect(oov.oov).toEqual({ user: 0, item: 2, hour: 0 });
      for (const item of ['i1', -1, 1.5, null]) {
        await expect(model.predict([ids[0], { ...ids[1], item }])).rejects.toThrow(
          `Row 1, column 'item': found ${item === null ? 'nothing' : `'${item}'`}, expected an id, a whole number from 0 (0: none, OOV).`,
        );
      }
      expect(model.inputs.map(({ column }) => column)).toEqual(['user', 'item', 'hour']);
      expect(() => model.embeddings('item', ['i1'])).toThrow("keeps no vocabulary of the field 'item'");
    });
  });

  it('has the embeddings of its run, and says what it is', async () => {
    const of = (model: Model) => model.embeddings('item', ['i1', 'i7', null, 'i1', 'unheard of']);
    const expected = await withModel({}, async (model) => of(model), run);
    await withModel({}, async (model) => {
      expect(of(model)).toEqual(expected);
      expect(model.kind).toBe('bundle');
      expect(model.version).toMatch(/^[0-9a-f]{12}$/);
      expect({ checkpoint: model.checkpoint, epoch: model.epoch }).toEqual({ checkpoint: 'best', epoch: 1 });
      // 6 codes of 4 bits and an fp32 step; a first-order weight.
      const values = model.embeddings('user', ['u1']).dim;
      expect(values).toBe(6);
      expect(model.tableBytes % (3 + 4 + 4)).toBe(0);
    });
    const program = new URL('../src/cli/main.js', import.meta.url).pathname;
    const said = JSON.parse(String(execFileSync(process.execPath, [program, 'inspect', bundle, '--json'])));
    expect(said).toMatchObject({ kind: 'bundle', model: 'deepfm', method: 'alpt', bits: 4, dim: 6 });
    expect(said.tables.map((table: { name: string }) => table.name)).toEqual(['embedding', 'first-order']);
    expect(said.metrics.validation.auc).toBeGreaterThan(0);
  });

  it('may be removed or replaced while a model of it is open', async () => {
    const copy = folder.copy(bundle);
    await withModel(
      { workers: 2 },
      async (model, [first]) => {
        rmSync(copy, { recursive: true });
        await first.terminate();
        await wait(50);
        expect((await model.predict(rows)).logits).toEqual(logits);
      },
      copy,
    );
  });

  it('is one model', async () => {
    await expect(open(bundle, { checkpoint: 'last' })).rejects.toThrow(
      /holds the model of the best epoch alone/,
    );
    const last = await folder.bundle(run, { checkpoint: 'last' });
    await withModel({ checkpoint: 'last' }, async ({ checkpoint }) => expect(checkpoint).toBe('last'), last);
  });
});

describe('damage is told in a sentence:', () => {
  const refusal = async (path: string): Promise<string> => {
    const error: unknown = await open(path, { ignoreLimits: true }).then(
      (model) => model.close(),
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(UserError);
    return error instanceof UserError ? error.message.replace(path, 'B') : '';
  };

  it('in any byte of any file', async () => {
    const { files } = JSON.parse(readFileSync(join(bundle, 'bundle.json'), 'utf8')) as Bundle;
    for (const name of ['bundle.json', ...Object.keys(files)]) {
      const copy = folder.copy(bundle);
      const file = join(copy, name);
      const bytes = readFileSync(file);
      for (const at of [0.05, 0.7].map((share) => Math.floor(share * bytes.length))) {
        const damaged = Uint8Array.from(bytes);
        damaged[at] ^= 4;
        writeFileSync(file, damaged);
        expect(await refusal(copy)).toContain('B');
      }
      truncateSync(file, bytes.length - 1);
      expect(await refusal(copy)).toMatch(
        name === 'bundle.json' ? /damaged/ : /it has \d+ bytes, by bundle.json/,
      );
      renameSync(file, `${file}.away`);
      expect(await refusal(copy)).toMatch(name === 'bundle.json' ? /holds no run/ : /has no/);
      rmSync(copy, { recursive: true });
    }
  });

  /** Puts other bytes in place of a file, checksum and all. */
  const replaced = async (name: string, bytes: Uint8Array) => {
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    const copy = await folder.altered(bundle, ({ files }) => {
      files[name] = { bytes: bytes.length, sha256 };
    });
    writeFileSync(join(copy, name), bytes);
    return copy;
  };

  it('in files whose checksum is right', async () => {
    expect(await refusal(await replaced('model.onnx', new Uint8Array(100).fill(7)))).toMatch(
      /^The scoring graph of the bundle 'B' cannot be run: /,
    );
    const one = readFileSync(join(bundle, 'tables/first-order-1.safetensors'));
    expect(await refusal(await replaced('tables/embedding-1.safetensors', one))).toMatch(
      /is damaged: it has 'first-order.values', .* which bundle.json does not know|fewer bytes than its/,
    );
    const index = readFileSync(join(bundle, 'vocabularies/hour.index'));
    expect(await refusal(await replaced('vocabularies/user.index', index))).toMatch(
      /^Vocabulary 'user' of 'B' has \d+ rows, by bundle.json \d+/,
    );
  });

  it.each<[string, (content: Bundle) => void, RegExp]>([
    [
      'a file elsewhere',
      ({ files }) => Object.assign(files, { '../x': files['model.onnx'] }),
      /'..\/x' leads out of/,
    ],
    ['no checksum', ({ files }) => delete files['model.onnx'], /no checksum of 'model.onnx'/],
    ['other data', (content) => Object.assign(content, { fingerprint: 'x' }), /fingerprints differ/],
    ['other fields', ({ dataset }) => dataset.fields.reverse(), /fields and vocabularies do not fit/],
    ['fewer values', ({ dataset }) => dataset.vocabularySizes.fill(1), /fields and vocabularies do not fit/],
    ['another width', ({ config }) => Object.assign(config.model, { dim: 7 }), /its tables are/],
    ['no table', ({ tables }) => tables.pop(), /its tables are/],
    [
      'a row twice',
      ({ tables }) => Object.assign(tables[0].runs[0], { firstRow: 1 }),
      /says of row 0 not, or twice/,
    ],
    ['a row missing', ({ tables }) => tables[0].parts.shift(), /has row 0 of a group in no file/],
    ['no group', ({ tables }) => Object.assign(tables[0].runs[0], { group: 1 }), /has no group 1/],
    [
      'a file twice',
      ({ tables }) => Object.assign(tables[0].parts[1], { file: tables[0].parts[0].file }),
      /two parts/,
    ],
    [
      'more bits',
      ({ tables }) => Object.assign(tables[0].groups[0].format, { bits: 16 }),
      /fewer bytes than its|by bundle.json U8/,
    ],
    [
      'fewer bits',
      ({ tables }) => Object.assign(tables[0].groups[0].format, { bits: 2 }),
      /by bundle.json U8/,
    ],
    [
      'odd bits',
      ({ tables }) => Object.assign(tables[0].groups[0].format, { bits: 3 }),
      /tables.0.groups.0.format/,
    ],
  ])('%s', async (_, change, sentence) => {
    expect(await refusal(await folder.altered(bundle, change))).toMatch(sentence);
  });

  it('another format or version', async () => {
    const copy = folder.copy(bundle);
    const file = join(copy, 'bundle.json');
    const text = readFileSync(file, 'utf8');
    writeFileSync(file, text.replace('"version": 1,', '"version": 2,'));
    expect(await refusal(copy)).toBe(
      "'B/bundle.json' has version 2 of the format, this bitrow reads version 1.",
    );
    writeFileSync(file, text.replace('bitrow-bundle', 'bitrow-other'));
    expect(await refusal(copy)).toMatch(/is no bundle/);
  });
});
