// What is refused for want of room, and what is proposed: the free bytes are said by the test.
import { existsSync, mkdtempSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { configFromOptions } from '../src/cli/config-options.js';
import type { EncodedDataset } from '../src/data/encoded-dataset.js';
import { type Config, configSchema } from '../src/runs/config.js';
import { type PartialConfig, resolveConfig } from '../src/runs/resolve-config.js';
import { type Room, roomProblem } from '../src/training/require-room.js';
import { smallerSettings } from '../src/training/smaller-settings.js';
import { train } from '../src/training/train.js';
import { memoryNeeded, trainingNeeds } from '../src/training/training-memory.js';
import { writeEncodedDataset } from './encoded-dataset.js';

const small = await writeEncodedDataset({ rows: 600, sizes: [50, 30, 1000], rowGroupRows: 200 });
writeFileSync(join(small.dir, 'manifest.json'), JSON.stringify(small.manifest));
/** The same with a vocabulary of so many values: nothing but the manifest is looked at. */
const large = (size: number): EncodedDataset => ({
  ...small,
  manifest: {
    ...small.manifest,
    vocabularies: small.manifest.vocabularies.map((vocabulary, i) =>
      i === 0 ? { ...vocabulary, size } : vocabulary,
    ),
  },
});
const config = (values: PartialConfig = {}) =>
  resolveConfig({ model: { hidden: [16] }, training: { batchSize: 128, epochs: 1 } }, values);
const out = join(mkdtempSync(join(tmpdir(), 'bitrow-')), 'run');
const roomy: Room = { memory: 1e15, disk: 1e15 };

function problem(of: Config, dataset: EncodedDataset, room: Partial<Room>, isFree = true) {
  const all = { ...roomy, ...room };
  return roomProblem({ config: of, dataset, threads: 2, out, room: all, isFree, override: 'do this' });
}

/** What a help line's flags make of a configuration. */
async function withFlags(of: Config, flags: string): Promise<Config> {
  const words = flags.split(' ');
  const given: Record<string, string | number> = {};
  const set: string[] = [];
  for (let i = 0; i < words.length; i += 2) {
    if (words[i] === '--set') set.push(words[i + 1]);
    else given[words[i].slice(2)] = words[i] === '--method' ? words[i + 1] : Number(words[i + 1]);
  }
  return configFromOptions({ ...given, set }, of, () => {});
}

/** Sections `method` of trainings that have no room; with hot rows, another method must have them too. */
const methodsTold: PartialConfig[] = [
  ...['full', 'alpt', 'lpt', 'lsq', 'hashing'].map((name) => ({ name })),
  { name: 'nested', bits: 4 },
  { name: 'alpt', bits: 4, hotBits: 16, hotShare: 0.3 },
];

const flagsIn = (help: string) => /^(--.*) fits \(/.exec(help)?.[1];

describe('a training that has no room', () => {
  const full = config({ method: { name: 'full' } });
  const dataset = large(20e6);

  it('is refused with what is needed, for what, and what is free', () => {
    const error = problem(full, dataset, { memory: 2.1e9 });
    expect(error?.message).toMatch(
      /^Training needs 4\.09 GB of memory and 2\.10 GB are free: table 1\.28 GB, step 0 bytes, optimizer 2\.56 GB, buffers [\d.]+ MB, and about \d+ MB for Node\.js, onnxruntime and rows read ahead\.$/,
    );
    expect(error?.help).toMatch(/; to go on all the same, do this$/);
    expect(problem(full, dataset, {})).toBeUndefined();
  });

  it('is told smaller state first, then fewer bits, then a smaller width, then fewer rows', () => {
    const help = (memory: number) => problem(full, dataset, { memory })?.help ?? '';
    expect(flagsIn(help(2.1e9))).toMatch(/^--set optimizer\.\w+=\S+$/);
    expect(flagsIn(help(1e9))).toMatch(/^--method \S+ --bits 8 --set optimizer\./);
    expect(flagsIn(help(0.55e9))).toMatch(/--bits 4 .*--set optimizer\./);
    expect(flagsIn(help(0.4e9))).toMatch(/--dim \d$/);
    expect(help(0.26e9)).toMatch(/^at most [\d,]+ of the table's 20,001,030 rows fit, with --method /);
    expect(help(1e6)).toMatch(/^not even a table without rows fits/);
  });

  it('is told a setting that fits, as it is typed, whatever is free', async () => {
    const cases = fc.record({
      method: fc.constantFrom(...methodsTold),
      memory: fc.integer({ min: 500, max: 4000 }),
      disk: fc.integer({ min: 500, max: 40_000 }),
    });
    await fc.assert(
      fc.asyncProperty(cases, async ({ method, memory, disk }) => {
        const of = config({ method });
        const room = { memory: memory * 1e6, disk: disk * 1e6 };
        const flags = flagsIn(problem(of, dataset, room)?.help ?? '');
        fc.pre(flags !== undefined);
        const proposed = await withFlags(of, flags ?? '');
        expect(problem(proposed, dataset, room)).toBeUndefined();
        expect(proposed.training).toEqual(of.training);
      }),
      { numRuns: 30 },
    );
  });

  it('is told nothing of settings where it cannot have others', () => {
    expect(problem(full, dataset, { memory: 2.1e9 }, false)?.help).toBe('to go on all the same, do this');
  });

  it('is told how many rows fit, and they do', async () => {
    const memory = 0.27e9;
    const help = problem(full, dataset, { memory })?.help ?? '';
    const [, number, flags] = /^at most ([\d,]+) of .* rows fit, with (.*): prepare/.exec(help) ?? [];
    const rows = Number(number.replaceAll(',', ''));
    const needed = async (size: number) =>
      memoryNeeded(trainingNeeds(await withFlags(full, flags), large(size - 1030).manifest, 2));
    expect(await needed(rows)).toBeLessThanOrEqual(memory);
    expect(await needed(Math.round(1.05 * rows))).toBeGreaterThan(memory);
  });
});

describe('smaller settings', () => {
  it('are smaller, each once, and those that keep the method do', () => {
    for (const method of methodsTold) {
      // It has fewer rows: smaller ones of another method may need more.
      if (method.name === 'hashing') continue;
      const of = config({ method });
      const now = trainingNeeds(of, large(1e6).manifest, 1).memory.total;
      const all = [...smallerSettings(of)];
      expect(new Set(all.map(({ flags }) => flags)).size).toBe(all.length);
      for (const { config: smaller } of all) {
        expect(trainingNeeds(smaller, large(1e6).manifest, 1).memory.total).toBeLessThan(now);
        expect(configSchema.parse(smaller)).toEqual(smaller);
      }
      for (const { config: kept } of smallerSettings(of, true)) {
        // The type of steps has no place in a method's name.
        expect({ ...kept.method, stepType: of.method.stepType }).toEqual(of.method);
      }
    }
  });
});

describe('room on the disk', () => {
  it('is what checkpoints, the one being written, and the best model take', async () => {
    const run = join(mkdtempSync(join(tmpdir(), 'bitrow-')), 'run');
    for (const name of ['full', 'alpt'] as const) {
      const of = config({ method: { name }, training: { epochs: 2, patience: 2 } });
      const sizes: number[] = [];
      const onProgress = (event: { kind: string; bytes?: number }) => {
        if (event.kind === 'checkpoint') sizes.push(event.bytes ?? 0);
      };
      await train({ data: small.dir, out: run, config: of, threads: 1, force: true, onProgress });
      const { disk } = trainingNeeds(of, small.manifest, 1);
      // Rows that the data does not have are in the prediction, and 100 kB for headers.
      expect(disk.checkpoint).toBeGreaterThanOrEqual(Math.max(...sizes));
      expect(disk.checkpoint).toBeLessThan(Math.max(...sizes) + 200_000);
      expect(disk.best).toBeGreaterThanOrEqual(statSync(join(run, 'best.safetensors')).size);
      expect(disk.total).toBe(3 * disk.checkpoint + disk.best);
    }
  });

  it('is asked for in a sentence, and the proposal fits it', () => {
    const error = problem(config({ method: { name: 'full' } }), large(20e6), { disk: 5e9 });
    expect(error?.message).toMatch(
      /^The run '.*' may need 12\.8 GB on the disk and 5\.00 GB are free: checkpoints of 3\.84 GB, up to three at a time, the best model of 1\.28 GB\.$/,
    );
    expect(flagsIn(error?.help ?? '')).toMatch(/--set optimizer/);
  });
});

describe('train', () => {
  const options = { data: small.dir, config: config(), threads: 1 };

  it('refuses before anything is there, and goes on all the same if told to', async () => {
    const run = join(mkdtempSync(join(tmpdir(), 'bitrow-')), 'run');
    for (const room of [{ memory: 1e8 }, { disk: 1e4 }]) {
      await expect(train({ ...options, out: run, room })).rejects.toThrow(/ are free: /);
      expect(existsSync(run)).toBe(false);
    }
    await train({ ...options, out: run, room: { memory: 1e8, disk: 1e4 }, ignoreLimits: true });
    // It goes on with what it has: no other setting is proposed.
    const more = { ...options, config: config({ training: { epochs: 2 } }) };
    await expect(train({ ...more, out: run, resume: true, room: { memory: 1e8 } })).rejects.toMatchObject({
      help: 'to go on all the same, pass --ignore-limits',
    });
  });

  it('trains with what it was told fits', async () => {
    const run = join(mkdtempSync(join(tmpdir(), 'bitrow-')), 'run');
    const { dim: _, ...model } = options.config.model;
    const wide = resolveConfig({ ...options.config, model: { ...model, dim: 1024 } });
    const room = { memory: memoryNeeded(trainingNeeds(wide, small.manifest, 1)) - 1 };
    const error = await train({ ...options, config: wide, out: run, room }).catch((e: unknown) => e);
    const flags = flagsIn((error as { help: string }).help);
    const fitting = await withFlags(wide, flags ?? '');
    await train({ ...options, config: fitting, out: run, room });
    expect(existsSync(join(run, 'best.safetensors'))).toBe(true);
  });
});
