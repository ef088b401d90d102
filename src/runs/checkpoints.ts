// The checkpoints of a run, in RUN/checkpoints:
//
//   manifest.json                     which checkpoints there are, newest first; of each: file, bytes, SHA-256, progress
//   epoch-2-step-300.safetensors      model and optimizer state, the newest: where training goes on
//   epoch-2-step-150.safetensors      the one before
//
// A checkpoint exists from the moment the manifest names it. The file is written aside, put on the disk and renamed,
// then the manifest is, then what it no longer names is removed: whenever the process is killed, the manifest names
// whole files.
import { readFileSync } from 'node:fs';
import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { sha256OfFile } from '../data/checksum.js';
import { UserError } from '../errors.js';
import { type Progress, progressSchema, trainedEpoch } from './progress.js';
import { cannotWrite, writeWhole } from './whole-file.js';

const FOLDER = 'checkpoints';
const MANIFEST = 'manifest.json';
/** The newest and the previous good one. */
export const MOST_CHECKPOINTS = 2;

const checkpointSchema = z.strictObject({
  /** Name within the folder. */
  file: z.string().regex(/^[\w-]+\.safetensors$/),
  bytes: z.int().min(0),
  sha256: z.string(),
  progress: progressSchema,
});
/** A checkpoint as the manifest describes it. */
export type Checkpoint = z.infer<typeof checkpointSchema>;

const manifestSchema = z.strictObject({
  format: z.literal('bitrow-checkpoints'),
  version: z.literal(1),
  /** `id` of the run. */
  run: z.string(),
  /** Newest first. */
  checkpoints: z.array(checkpointSchema).max(MOST_CHECKPOINTS),
});

/** The folder of a run's checkpoints. */
export class Checkpoints {
  private readonly folder: string;
  private list: readonly Checkpoint[];

  /**
   * @param run its directory
   * @param id what run.json calls it
   * @throws UserError when the manifest is damaged or of another run
   */
  constructor(
    run: string,
    private readonly id: string,
  ) {
    this.folder = join(run, FOLDER);
    this.list = this.read();
  }

  /** Newest first; none before the first. */
  get all(): readonly Checkpoint[] {
    return this.list;
  }

  path({ file }: Pick<Checkpoint, 'file'>): string {
    return join(this.folder, file);
  }

  /** Writes a checkpoint with `write`, and makes it the newest. @throws UserError when the disk refuses */
  async add(progress: Progress, write: (path: string) => Promise<void>): Promise<Checkpoint> {
    const file = `epoch-${progress.epoch}-step-${progress.trainingStep}.safetensors`;
    const path = this.path({ file });
    const [newest] = this.list;
    const help = newest
      ? `make room, then go on with --resume from ${place(newest)}, which is whole`
      : 'make room, then train again';
    try {
      await mkdir(this.folder, { recursive: true });
      await write(path);
      const checkpoint: Checkpoint = {
        file,
        bytes: (await stat(path)).size,
        sha256: await sha256OfFile(path),
        progress,
      };
      const others = this.list.filter((other) => other.file !== file);
      await this.keep([checkpoint, ...others.slice(0, MOST_CHECKPOINTS - 1)]);
      return checkpoint;
    } catch (error) {
      throw cannotWrite(path, error, help);
    }
  }

  /** Makes these the checkpoints there are, and removes every other file of the folder. */
  async keep(checkpoints: readonly Checkpoint[]): Promise<void> {
    const manifest: z.infer<typeof manifestSchema> = {
      format: 'bitrow-checkpoints',
      version: 1,
      run: this.id,
      checkpoints: [...checkpoints],
    };
    await writeWhole(join(this.folder, MANIFEST), `${JSON.stringify(manifest, null, 2)}\n`);
    this.list = checkpoints;
    const named = new Set([MANIFEST, ...checkpoints.map(({ file }) => file)]);
    for (const name of await readdir(this.folder)) {
      if (!named.has(name)) await rm(join(this.folder, name), { force: true });
    }
  }

  /** @throws UserError when the file is not the one that was written: missing, truncated, changed */
  async verify(checkpoint: Checkpoint): Promise<void> {
    const path = this.path(checkpoint);
    const bytes = await stat(path).then(
      ({ size }) => size,
      () => undefined,
    );
    if (bytes === undefined) throw new UserError(`The checkpoint '${path}' is missing.`);
    if (bytes !== checkpoint.bytes) {
      throw new UserError(`The checkpoint '${path}' has ${bytes} bytes (written were ${checkpoint.bytes}).`);
    }
    if ((await sha256OfFile(path)) !== checkpoint.sha256) {
      throw new UserError(`The checkpoint '${path}' is damaged: its SHA-256 is not the one in ${MANIFEST}.`);
    }
  }

  private read(): readonly Checkpoint[] {
    const path = join(this.folder, MANIFEST);
    let text: string;
    try {
      text = readFileSync(path, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
      throw new UserError(`'${path}' cannot be read: ${(error as Error).message}.`);
    }
    let json: unknown;
    try {
      json = JSON.parse(text);
    } catch {}
    const manifest = manifestSchema.safeParse(json);
    if (!manifest.success) {
      throw new UserError(
        `'${path}' is damaged, or of another version of bitrow.`,
        'begin again with --force',
      );
    }
    if (manifest.data.run !== this.id) {
      throw new UserError(`'${path}' is of another run.`, 'begin again with --force');
    }
    return manifest.data.checkpoints;
  }
}

/** Where a checkpoint stands, in words. */
export function place({ progress }: Pick<Checkpoint, 'progress'>): string {
  return `epoch ${trainedEpoch(progress)}, step ${progress.trainingStep}`;
}
