// What scoring raw rows takes: a run's model with its team, and from what the run keeps of its data the way from raw
// rows to ids. The data set itself is not needed.
import { mostIdsOf } from '../data/bags.js';
import type { Manifest } from '../data/manifest.js';
import { UserError } from '../errors.js';
import { keptIndexBytes, readKeptDataset, readKeptIndexes } from '../runs/kept-dataset.js';
import type { CheckpointName } from '../runs/run-directory.js';
import { parseSchema, type Schema } from '../schema/schema.js';
import { checkThreads } from '../team/team.js';
import { EmbeddingReader } from './embedding-reader.js';
import { type OpenedRun, openRun } from './open-run.js';
import type { ScoringSize } from './require-memory.js';
import { RowEncoder } from './row-encoder.js';
import { type ScoringEngine, startScoring } from './scoring-engine.js';

export interface RawScoring {
  run: OpenedRun;
  /** Of the data that the run was trained on. */
  manifest: Manifest;
  schema: Schema;
  encoder: RowEncoder;
  embeddings: EmbeddingReader;
  /** Whoever opened it closes its team. */
  engine: ScoringEngine;
}

/** @throws UserError when there is no such run, it keeps no schema, or something in it is damaged */
export async function openScoring(
  path: string,
  options: ScoringSize & {
    checkpoint: CheckpointName;
    threads: number;
    batchRows: number;
    signal?: AbortSignal | undefined;
  },
): Promise<RawScoring> {
  const { checkpoint, threads, batchRows, otherBytes = 0, memory, ignoreLimits, signal } = options;
  checkThreads(threads);
  if (!Number.isInteger(batchRows) || batchRows < 16) {
    throw new UserError(
      `The option batchRows is ${batchRows} (allowed: whole numbers from 16).`,
      undefined,
      2,
    );
  }
  signal?.throwIfAborted();
  // One scratch area more than threads score with: the caller's thread reads rows too.
  const run = await openRun(path, checkpoint, threads + 1, {
    batchRows,
    otherBytes: otherBytes + (await keptIndexBytes(path)),
    memory,
    ignoreLimits,
  });
  const manifest = await readKeptDataset(path, run.directory.run.dataset.fingerprint);
  const schema = parseSchema(manifest.schema);
  const indexes = await readKeptIndexes(path, manifest);
  const encoder = new RowEncoder(schema, indexes, manifest.numbers);
  const embeddings = new EmbeddingReader(run, threads, schema, indexes);
  signal?.throwIfAborted();
  const engine = await startScoring(run, { threads, batchRows, bagIds: mostIdsOf(manifest, batchRows) });
  if (signal?.aborted) await engine.team.close();
  signal?.throwIfAborted();
  return { run, manifest, schema, encoder, embeddings, engine };
}
