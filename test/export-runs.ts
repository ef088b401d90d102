// Runs of every kind of table and every model on small data, for the tests of exports.
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { methodNames } from '../src/embedding/methods.js';
import { resolveConfig, train } from '../src/index.js';
import type { PartialConfig } from '../src/runs/resolve-config.js';
import { openRun } from '../src/scoring/open-run.js';
import { tableSource } from '../src/scoring/table-source.js';
import { prepareRich } from './rich-dataset.js';
import { prepareToy } from './toy-dataset.js';

/** Every way a table is stored: all methods as they are, and what options make of them. */
export const storages: [string, PartialConfig][] = [
  ...methodNames.map((name): [string, PartialConfig] => [name, { method: { name } }]),
  ['alpt 4', { method: { name: 'alpt', bits: 4 } }],
  ['alpt 2, fp16 steps', { method: { name: 'alpt', bits: 2, stepType: 'fp16' } }],
  ['alpt 16', { method: { name: 'alpt', bits: 16 } }],
  ['alpt 4, hot 8', { method: { name: 'alpt', bits: 4, hotBits: 8, hotShare: 0.2 } }],
  ['lpt 4', { method: { name: 'lpt', bits: 4 } }],
  ['lpt 2', { method: { name: 'lpt', bits: 2 } }],
  ['lpt 4, hot 16', { method: { name: 'lpt', bits: 4, hotBits: 16, hotShare: 0.1 } }],
  ['lpt-row 4, affine', { method: { name: 'lpt-row', bits: 4 }, 'lpt-row': { range: 'affine' } }],
  [
    'lpt-row 8, affine, fp16',
    { method: { name: 'lpt-row', bits: 8, stepType: 'fp16' }, 'lpt-row': { range: 'affine' } },
  ],
  ['lsq 4, step a row', { method: { name: 'lsq', bits: 4 }, lsq: { granularity: 'row' } }],
  ['pact 2', { method: { name: 'pact', bits: 2 } }],
  ['nested 2', { method: { name: 'nested', bits: 2 } }],
  [
    'nested 4 of 12, fp16',
    { method: { name: 'nested', bits: 4, stepType: 'fp16' }, nested: { storedBits: 12 } },
  ],
  ['round 4', { method: { name: 'round', bits: 4 } }],
  ['round 16', { method: { name: 'round', bits: 16 } }],
  ['hashing, sum', { method: { name: 'hashing' }, hashing: { combine: 'sum', ratio: 5 } }],
];

/** A network that is trained and compared fast. */
export const small: PartialConfig = { model: { hidden: [8] } };

/** A folder with a plain data set and one of bags and numbers, runs on them, and places for outputs. */
export class ExportFolder {
  /** Runs by how they were trained: each is trained once. */
  private readonly runs = new Map<string, Promise<string>>();
  private outs = 0;

  private constructor(
    readonly path: string,
    readonly toy: string,
    readonly rich: string,
  ) {}

  static async create(): Promise<ExportFolder> {
    const path = mkdtempSync(join(tmpdir(), 'bitrow-export-'));
    return new ExportFolder(
      path,
      await prepareToy(path, { rows: 1200 }),
      await prepareRich(path, { rows: 1200 }),
    );
  }

  remove(): void {
    rmSync(this.path, { recursive: true });
  }

  place(name: string): string {
    return join(this.path, name);
  }

  /** A place where nothing is. */
  free(extension: string): string {
    return this.place(`out-${this.outs++}${extension}`);
  }

  /** What lies there beside runs and data, half-written files included. */
  outputs(): string[] {
    return readdirSync(this.path).filter((name) => name.startsWith('out-') || name.startsWith('.'));
  }

  /** A run of one epoch on the data. */
  trained(data: string, ...more: PartialConfig[]): Promise<string> {
    const key = JSON.stringify([data, more]);
    const run = this.runs.get(key) ?? this.train(data, more, this.place(`run-${this.runs.size}`));
    this.runs.set(key, run);
    return run;
  }

  private async train(data: string, more: PartialConfig[], out: string): Promise<string> {
    const config = resolveConfig(
      {
        model: { dim: 6 },
        training: { epochs: 1, batchSize: 128, patience: 100 },
        optimizer: { learningRate: 0.02 },
        dense: { learningRate: null },
      },
      ...more,
    );
    await train({ data, out, config, threads: 1 });
    return out;
  }
}

/** All rows of a run as the network sees them, or as they are stored where they are pairs. */
export async function rowsOf(run: string): Promise<{ rows: Float32Array; dim: number }> {
  const source = tableSource((await openRun(run, 'best', 1)).table);
  const rows = new Float32Array(source.rows * source.dim);
  await source.read(0, rows);
  return { rows, dim: source.dim };
}
