// What scoring raw rows takes: a model in memory, and from what it keeps of its data the way from raw rows to ids. The data
// set itself is not needed.
import type { Manifest } from '../data/manifest.js';
import { UserError } from '../errors.js';
import type { VocabularyIndex } from '../formats/vocabulary-index.js';
import { keptIndexBytes, readKeptDataset, readKeptIndexes } from '../runs/kept-dataset.js';
import type { CheckpointName } from '../runs/run-directory.js';
import { parseSchema, type Schema } from '../schema/schema.js';
import { checkThreads } from '../team/team.js';
import { isBundle } from './bundle/bundle-file.js';
import { openBundle } from './bundle/open-bundle.js';
import { EmbeddingReader } from './embedding-reader.js';
import { openRun } from './open-run.js';
import type { ScoringSize } from './require-memory.js';
import type { Encoding } from './row-encoder.js';
import { modelOfRun, type ScoringModel } from './scoring-model.js';

export interface RawModel {
  model: ScoringModel;
  /** Of the data that the model was trained on. */
  manifest: Manifest;
  schema: Schema;
  /** Raw rows to ids; without indexes where vocabularies were not read. */
  encoding: Encoding;
  embeddings: EmbeddingReader;
}

export interface OpenModelOptions extends ScoringSize {
  checkpoint: CheckpointName;
  /** Threads that will score; one more can read rows beside them. */
  threads: number;
  batchRows: number;
  /** Whether rows have values that are looked up in vocabularies (default), or ids: then none is read. */
  vocabularies?: boolean | undefined;
  signal?: AbortSignal | undefined;
}

/** @throws UserError when there is no such model, it keeps no schema, or something in it is damaged */
export async function openModel(path: string, options: OpenModelOptions): Promise<RawModel> {
  const { threads, batchRows, signal } = options;
  checkThreads(threads);
  if (!Number.isInteger(batchRows) || batchRows < 16) {
    throw new UserError(
      `The number of rows in a batch is ${batchRows} (allowed: whole numbers from 16).`,
      undefined,
      2,
    );
  }
  signal?.throwIfAborted();
  const { model, manifest, indexes } = isBundle(path)
    ? await openFromBundle(path, options)
    : await openFromRun(path, options);
  signal?.throwIfAborted();
  const schema = parseSchema(manifest.schema);
  const embeddings = new EmbeddingReader(model, threads, schema, indexes);
  return { model, manifest, schema, encoding: { schema, indexes, numbers: manifest.numbers }, embeddings };
}

interface Opened {
  model: ScoringModel;
  manifest: Manifest;
  indexes: ReadonlyMap<string, VocabularyIndex>;
}

// One scratch area more than threads score with: the caller's thread reads rows too.

async function openFromRun(path: string, options: OpenModelOptions): Promise<Opened> {
  const { checkpoint, threads, otherBytes = 0, vocabularies = true } = options;
  const run = await openRun(path, checkpoint, threads + 1, {
    ...options,
    otherBytes: otherBytes + (vocabularies ? await keptIndexBytes(path) : 0),
  });
  const model = modelOfRun(run, checkpoint);
  const manifest = await readKeptDataset(path, model.dataset.fingerprint);
  return { model, manifest, indexes: vocabularies ? await readKeptIndexes(path, manifest) : new Map() };
}

async function openFromBundle(path: string, options: OpenModelOptions): Promise<Opened> {
  const threads = options.threads + 1;
  const { vocabularies: withIndexes = true } = options;
  const { bundle, model, indexes } = await openBundle(path, { ...options, threads, withIndexes });
  return { model, manifest: bundle.manifest, indexes };
}
