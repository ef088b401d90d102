// A run on disk:
//
//   run.json            what it is: versions, data, how far it came, its result
//   config.yaml         its whole configuration
//   metrics.jsonl       one line per epoch
//   best.safetensors    the model of the best epoch
//   last.safetensors    the model of the last epoch
import { appendFile, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { z } from 'zod';
import { manifestSchema } from '../data/manifest.js';
import { requireFree } from '../data/output-directory.js';
import { UserError } from '../errors.js';
import { poolings } from '../schema/schema.js';
import { type Config, configSchema } from './config.js';

const RUN_FILE = 'run.json';

/** A run's models: of the epoch with the best validation AUC, and of the last one. */
export const checkpointNames = ['best', 'last'] as const;
export type CheckpointName = (typeof checkpointNames)[number];

/** What run.json holds. */
export const runSchema = z.strictObject({
  format: z.literal('bitrow-run'),
  version: z.literal(1),
  /** What has a say in the bits of a result. */
  made: z.strictObject({
    bitrow: z.string(),
    onnxruntime: z.string(),
    kernels: z.string(),
    processor: z.string(),
  }),
  state: z.enum(['running', 'finished']),
  dataset: z.strictObject({
    name: z.string(),
    fingerprint: z.string(),
    /** Names of the fields, in the order of the model's input. */
    fields: z.array(z.string()),
    /** Rows of each vocabulary, by its number. */
    vocabularySizes: z.array(z.int()),
    /** Per field, the number of its vocabulary. */
    fieldVocabularies: z.array(z.int()),
    /** What `DatasetShape` says of bags, numbers, weights and negative sampling, where there are any. */
    poolings: z.array(z.enum(poolings).nullable()).optional(),
    numbers: manifestSchema.shape.numbers,
    hasWeight: z.boolean().optional(),
    negativeSampling: z.number().optional(),
  }),
  /** What `train --json` printed. */
  result: z.unknown(),
});
export type Run = z.infer<typeof runSchema>;

/** A run's directory, new or opened. */
export class RunDirectory {
  private constructor(
    readonly path: string,
    readonly config: Config,
    private record: Run,
  ) {}

  /** @throws UserError when the place is taken, and `force` may not replace what is there */
  static requireFree(path: string, force: boolean): void {
    requireFree(path, RUN_FILE, force);
  }

  /** @throws UserError when the place is taken, or cannot be written */
  static async create(path: string, config: Config, run: Run, force: boolean): Promise<RunDirectory> {
    requireFree(path, RUN_FILE, force);
    try {
      if (force) await rm(path, { recursive: true, force: true });
      await mkdir(path, { recursive: true });
      await writeFile(join(path, 'config.yaml'), stringify(config));
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new UserError(`The run '${path}' cannot be written: ${reason}.`);
    }
    const directory = new RunDirectory(path, config, run);
    await directory.write(run);
    return directory;
  }

  /** @throws UserError when there is no run, or it is of another format */
  static async open(path: string): Promise<RunDirectory> {
    let run: unknown;
    let config: unknown;
    try {
      run = JSON.parse(await readFile(join(path, RUN_FILE), 'utf8'));
      config = parse(await readFile(join(path, 'config.yaml'), 'utf8'));
    } catch {
      throw new UserError(
        `The directory '${path}' holds no run (no readable ${RUN_FILE} and config.yaml).`,
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
        `'${join(path, 'config.yaml')}' is damaged: ${issue.path.join('.')}: ${issue.message}.`,
      );
    }
    return new RunDirectory(path, parsed.data, record.data);
  }

  get run(): Run {
    return this.record;
  }

  checkpoint(name: CheckpointName): string {
    return join(this.path, `${name}.safetensors`);
  }

  async update(change: Partial<Pick<Run, 'state' | 'result'>>): Promise<void> {
    await this.write({ ...this.record, ...change });
  }

  async appendMetrics(record: unknown): Promise<void> {
    await appendFile(join(this.path, 'metrics.jsonl'), `${JSON.stringify(record)}\n`);
  }

  async metrics(): Promise<unknown[]> {
    const text = await readFile(join(this.path, 'metrics.jsonl'), 'utf8').catch(() => '');
    return text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as unknown);
  }

  private async write(run: Run): Promise<void> {
    const file = join(this.path, RUN_FILE);
    await writeFile(`${file}.partial`, `${JSON.stringify(run, null, 2)}\n`);
    await rename(`${file}.partial`, file);
    this.record = run;
  }
}
