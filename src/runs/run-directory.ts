// A run on disk:
//
//   run.json            what it is: versions, data, how far it came, its result
//   config.yaml         its whole configuration
//   metrics.jsonl       one line per epoch
//   best.safetensors    the model of the best epoch
//   dataset.json, vocabularies/    what it keeps of its data (kept-dataset.ts)
//   checkpoints/        the newest one, which is the last model too, and the one before (checkpoints.ts)
//   lock                while a process writes the run (lock.ts)
import { readdirSync, type Stats, statSync } from 'node:fs';
import { mkdir, open, readFile, rm, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { z } from 'zod';
import { manifestSchema } from '../data/manifest.js';
import { UserError } from '../errors.js';
import { poolings } from '../schema/schema.js';
import { Checkpoints } from './checkpoints.js';
import { type Config, configSchema } from './config.js';
import { isLockAside, LOCK_FILE, RunLock } from './lock.js';
import { cannotWrite, writeWhole } from './whole-file.js';

const RUN_FILE = 'run.json';
const CONFIG_FILE = 'config.yaml';
const METRICS_FILE = 'metrics.jsonl';

/** A run's models: of the epoch with the best validation AUC, and of the newest checkpoint. */
export const checkpointNames = ['best', 'last'] as const;
export type CheckpointName = (typeof checkpointNames)[number];

/** What run.json holds. */
export const runSchema = z.strictObject({
  format: z.literal('bitrow-run'),
  version: z.literal(1),
  /** Tells it from every other run. */
  id: z.string(),
  /** What has a say in the bits of a result. */
  made: z.strictObject({
    bitrow: z.string(),
    onnxruntime: z.string(),
    kernels: z.string(),
    processor: z.string(),
  }),
  state: z.enum(['running', 'finished']),
  /** Directory of the data set when the run began. */
  data: z.string(),
  /** The run whose weights and optimizer state this one began with, and where that one stood. */
  from: z
    .strictObject({
      run: z.string(),
      id: z.string(),
      epoch: z.int(),
      trainingStep: z.int(),
      /** Of the checkpoint. */
      sha256: z.string(),
    })
    .nullable(),
  /** The run whose best model this one was made from, without a training of its own (training/derive.ts). */
  derived: z.strictObject({ run: z.string(), id: z.string(), sha256: z.string() }).optional(),
  dataset: z.strictObject({
    name: z.string(),
    fingerprint: z.string(),
    /** Names of the fields, in the order of the model's input. */
    fields: z.array(z.string()),
    /** Rows of each vocabulary, by its number. */
    vocabularySizes: z.array(z.int()),
    /** Per field, the number of its vocabulary. */
    fieldVocabularies: z.array(z.int()),
    /** A position means the same only in the same rows, in the same order. */
    splits: z.array(z.strictObject({ name: z.string(), rows: z.int(), sha256: z.string() })),
    /** What `DatasetShape` says of bags, numbers, weights and negative sampling, where there are any. */
    poolings: z.array(z.enum(poolings).nullable()).optional(),
    numbers: manifestSchema.shape.numbers,
    hasWeight: z.boolean().optional(),
    negativeSampling: z.number().optional(),
    /** Per vocabulary, how many of its first rows are hot; absent without `method.hotBits`. */
    hotRows: z.array(z.int()).optional(),
  }),
  /** What `train --json` printed. */
  result: z.unknown(),
});
export type Run = z.infer<typeof runSchema>;

/** A run's directory, new or opened. */
export class RunDirectory {
  private lock: RunLock | undefined;
  private opened: Checkpoints | undefined;

  private constructor(
    readonly path: string,
    private settings: Config,
    private record: Run,
  ) {}

  /** @throws UserError when the place is taken, and `force` may not replace what is there */
  static requireFree(path: string, force: boolean): void {
    const stat = statOf(path);
    if (!stat) return;
    if (!stat.isDirectory()) throw new UserError(`The output '${path}' exists and is a file.`);
    RunLock.requireFree(path);
    requireReplaceable(path, force);
  }

  /**
   * Makes a run and takes its lock; `close` gives it back.
   *
   * @throws UserError when the place is taken, or cannot be written
   */
  static async create(path: string, config: Config, run: Run, force: boolean): Promise<RunDirectory> {
    RunDirectory.requireFree(path, force);
    await mkdir(path, { recursive: true }).catch((error: unknown) => {
      throw cannotWrite(path, error);
    });
    const lock = await RunLock.take(path);
    try {
      // Looked at again: another process may have made a run of it before the lock was ours.
      requireReplaceable(path, force);
      if (readdirSync(path).includes(RUN_FILE)) await clear(path);
      await writeWhole(join(path, CONFIG_FILE), stringify(config));
      const directory = new RunDirectory(path, config, run);
      await directory.write(run);
      directory.lock = lock;
      return directory;
    } catch (error) {
      await lock.release();
      throw cannotWrite(path, error);
    }
  }

  /** Takes the lock of the run at `path` and opens it to go on. Undefined where there is no run. */
  static async reopen(path: string): Promise<RunDirectory | undefined> {
    if (!statSync(join(path, RUN_FILE), { throwIfNoEntry: false })) return undefined;
    const lock = await RunLock.take(path);
    try {
      const directory = await RunDirectory.open(path);
      directory.lock = lock;
      return directory;
    } catch (error) {
      await lock.release();
      throw error;
    }
  }

  /** Opens a run to read it. @throws UserError when there is no run, or it is of another format */
  static async open(path: string): Promise<RunDirectory> {
    let run: unknown;
    let config: unknown;
    try {
      run = JSON.parse(await readFile(join(path, RUN_FILE), 'utf8'));
      config = parse(await readFile(join(path, CONFIG_FILE), 'utf8'));
    } catch {
      throw new UserError(
        `The directory '${path}' holds no run (no readable ${RUN_FILE} and ${CONFIG_FILE}).`,
        'train one with `bitrow train --data DIR --out RUN`',
      );
    }
    const record = runSchema.safeParse(run);
    if (!record.success) {
      throw new UserError(`'${join(path, RUN_FILE)}' is not a run of this version of bitrow.`);
    }
    const parsed = configSchema.safeParse(config);
    if (!parsed.success) {
      const [issue] = parsed.error.issues;
      throw new UserError(
        `'${join(path, CONFIG_FILE)}' is damaged: ${issue.path.join('.')}: ${issue.message}.`,
      );
    }
    return new RunDirectory(path, parsed.data, record.data);
  }

  get run(): Run {
    return this.record;
  }

  get config(): Config {
    return this.settings;
  }

  /** @throws UserError when their manifest is damaged */
  get checkpoints(): Checkpoints {
    this.opened ??= new Checkpoints(this.path, this.record.id);
    return this.opened;
  }

  /** The file of a model. @throws UserError for the last one when there is no checkpoint yet */
  checkpoint(name: CheckpointName): string {
    if (name === 'best') return join(this.path, 'best.safetensors');
    const [newest] = this.checkpoints.all;
    if (newest) return this.checkpoints.path(newest);
    throw new UserError(
      `The run '${this.path}' holds no model yet: it was stopped before its first checkpoint.`,
      'go on with `bitrow train --resume`',
    );
  }

  async update(change: Partial<Pick<Run, 'state' | 'result'>>): Promise<void> {
    await this.write({ ...this.record, ...change });
  }

  /** Writes a configuration in place of the one there was. */
  async reconfigure(config: Config): Promise<void> {
    await writeWhole(join(this.path, CONFIG_FILE), stringify(config));
    this.settings = config;
  }

  /** Appends a line to the metrics and puts it on the disk. @returns bytes of the file */
  async appendMetrics(record: unknown): Promise<number> {
    const path = join(this.path, METRICS_FILE);
    try {
      const file = await open(path, 'a');
      try {
        await file.writeFile(`${JSON.stringify(record)}\n`);
        await file.sync();
        return (await file.stat()).size;
      } finally {
        await file.close();
      }
    } catch (error) {
      throw cannotWrite(path, error);
    }
  }

  /** Cuts the metrics back to what they were at a checkpoint. @throws UserError when they are shorter */
  async cutMetrics(bytes: number): Promise<void> {
    const path = join(this.path, METRICS_FILE);
    const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
    if (size < bytes) {
      throw new UserError(`'${path}' has ${size} bytes, at the checkpoint it had ${bytes}: it was changed.`);
    }
    if (size === bytes) return;
    await truncate(path, bytes).catch((error: unknown) => {
      throw cannotWrite(path, error);
    });
  }

  async metrics(): Promise<unknown[]> {
    const text = await readFile(join(this.path, METRICS_FILE), 'utf8').catch(() => '');
    return text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as unknown);
  }

  /** Gives the lock back. */
  async close(): Promise<void> {
    await this.lock?.release();
    this.lock = undefined;
  }

  private async write(run: Run): Promise<void> {
    await writeWhole(join(this.path, RUN_FILE), `${JSON.stringify(run, null, 2)}\n`);
    this.record = run;
  }
}

function statOf(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch (error) {
    // Below a file, or in a folder that is not ours to look into.
    throw cannotWrite(path, error);
  }
}

/** Removes a run, but for its lock. run.json goes first: what is without it is no run. */
async function clear(path: string): Promise<void> {
  await rm(join(path, RUN_FILE));
  for (const name of readdirSync(path)) {
    if (name !== LOCK_FILE) await rm(join(path, name), { recursive: true, force: true });
  }
}

/** Refuses a directory that holds something, unless it is a run and may be replaced, or was only to become one. */
function requireReplaceable(path: string, force: boolean): void {
  const names = readdirSync(path).filter((name) => !isLockAside(name));
  if (names.includes(RUN_FILE)) {
    if (force) return;
    throw new UserError(
      `The output '${path}' exists.`,
      'choose another --out, go on where it stopped with --resume, or replace it with --force',
    );
  }
  // The lock is the first thing written, run.json the last: killed in between.
  if (names.length === 0 || RunLock.isIn(path)) return;
  throw new UserError(
    `The output '${path}' exists and holds something else (no ${RUN_FILE} in it); it is never replaced.`,
    'choose another --out',
  );
}
