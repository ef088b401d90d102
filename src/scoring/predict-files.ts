// `predict`: raw files through a run's model into a file of predictions. DuckDB reads and writes; values, ids and
// logits come about as in an open model.
import { mkdir } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { Batch } from '../batch/reader.js';
import { mostIdsOf } from '../data/bags.js';
import { openDatabase } from '../data/database.js';
import { rawFiles } from '../data/datasets/raw-format.js';
import { defaultMemoryBytes } from '../data/memory-limit.js';
import { requireFreeFile } from '../data/output-file.js';
import { type RawRowBlock, readRawRows } from '../data/raw-rows.js';
import { ROW_COLUMN, RowFile, type RowFileColumn } from '../data/row-file.js';
import { type RowFormat, rowFormatOf } from '../data/row-format.js';
import { UserError } from '../errors.js';
import { sigmoid } from '../metrics/calibration.js';
import type { CheckpointName } from '../runs/run-directory.js';
import type { EncodedBlock } from './encoded-block.js';
import { modelInputs } from './model-inputs.js';
import { openModel, type RawModel } from './open-model.js';
import { refusal } from './refused-row.js';
import { RowBatch } from './row-batch.js';
import { RowEncoder } from './row-encoder.js';
import { RowTexts } from './row-texts.js';
import { scoreBatches } from './score-batches.js';
import { type ScoringEngine, startScoring } from './scoring-engine.js';

/** What to score, and where to. */
export interface PredictFilesOptions {
  /** Directory of a run. */
  run: string;
  /** Raw files, in order, written as those the run's data was prepared from; the label's column may be absent. */
  input: readonly string[];
  /** The file to write: row, probability, logit, and the columns of `keep`. */
  out: string;
  /** Default: by the extension of `out`, .csv, .jsonl or .parquet. */
  format?: RowFormat | undefined;
  /** Raw columns to pass through, as texts. */
  keep?: readonly string[] | undefined;
  /** Model of the best epoch (default) or of the last one. */
  checkpoint?: CheckpointName | undefined;
  /** Default: all processors. The result does not depend on it. */
  threads?: number | undefined;
  /** Rows that are scored together. */
  batchRows?: number | undefined;
  /** Memory for reading and writing files. */
  memoryBytes?: number | undefined;
  /** Bytes that are free for this process, its own included; by default the system is asked. */
  memory?: number | undefined;
  /** Goes on even where memory seems too small. */
  ignoreLimits?: boolean | undefined;
  /** Replace a file that is at `out`. */
  force?: boolean | undefined;
  /** `total` is the number of rows found so far. */
  onProgress?: ((progress: { done: number; total: number }) => void) | undefined;
  /** Stops the work; `predictFiles` then rejects with the signal's reason, leaving nothing behind. */
  signal?: AbortSignal | undefined;
}

/** The least that reading and writing files takes. */
const FILE_BYTES = 100e6;

/** What was written. */
export interface FilePrediction {
  out: string;
  format: RowFormat;
  checkpoint: CheckpointName;
  epoch: number;
  rows: number;
  seconds: number;
  /** Per field, its values that its vocabulary does not have. */
  oov: Record<string, number>;
  /** Per field, its values: as many as rows, or elements where a row holds a list (an empty one has one). */
  values: Record<string, number>;
}

/**
 * Scores raw files.
 *
 * @throws UserError for files, rows and options that are not what they should be; nothing is left behind then
 * @example
 * const { rows, oov } = await predictFiles({ run: 'runs/alpt-8', input: ['rows.csv'], out: 'scores.csv' });
 */
export async function predictFiles(options: PredictFilesOptions): Promise<FilePrediction> {
  const began = performance.now();
  const { out, keep = [], checkpoint = 'best', batchRows = 8192, signal } = options;
  const { threads = availableParallelism(), memoryBytes = defaultMemoryBytes() } = options;
  requireFreeFile(out, options.force ?? false);
  const format = options.format ?? rowFormatOf(out);
  const written = outputColumns(keep);
  if (options.input.length === 0) throw new UserError('There are no input files to score.', undefined, 2);
  const scoring = await openModel(options.run, {
    checkpoint,
    threads,
    batchRows,
    // DuckDB takes what it gets, and spills the rest.
    otherBytes: FILE_BYTES,
    memory: options.memory,
    ignoreLimits: options.ignoreLimits,
    signal,
  });
  const engine = await startScoring(scoring.model, {
    threads,
    batchRows,
    bagIds: mostIdsOf(scoring.manifest, batchRows),
  });
  try {
    signal?.throwIfAborted();
    const { files, format: rawFormat } = rawFiles(scoring.manifest, options.input);
    const inputs = modelInputs(scoring.schema).map(({ column }) => column);
    const columns = [...new Set([...inputs, ...keep])];
    const resources = { threads, memoryBytes: memoryBytes / 2, signal };
    const found = await RowFile.write(out, { format, columns: written, ...resources }, async (file) => {
      const directory = join(file.directory, 'reading');
      await mkdir(directory);
      const database = await openDatabase({ directory, output: out, ...resources });
      try {
        const { schema } = scoring;
        const blocks = readRawRows(files, rawFormat, { database, schema, columns, signal });
        const batches = new RowBatches(scoring, engine, blocks, keep);
        let rows = 0;
        for await (const { logits } of scoreBatches(engine, batches, signal)) {
          await file.append([logits.map(sigmoid), logits, ...batches.takeKept()]);
          rows += logits.length;
          options.onProgress?.({ done: rows, total: batches.found });
        }
        return { rows, ...batches.countsByField() };
      } finally {
        database.close();
      }
    });
    const seconds = (performance.now() - began) / 1000;
    const { epoch } = scoring.model;
    return { out, format, checkpoint, epoch, seconds, ...found };
  } finally {
    await engine.team.close();
  }
}

/** What is written beside the rows' numbers. @throws UserError when two columns would have one name */
function outputColumns(keep: readonly string[]): RowFileColumn[] {
  const columns: RowFileColumn[] = [
    { name: 'probability', type: 'FLOAT' },
    { name: 'logit', type: 'FLOAT' },
  ];
  for (const name of keep) {
    const taken = [ROW_COLUMN, ...columns.map((column) => column.name)].find(
      (other) => other.toLowerCase() === name.toLowerCase(),
    );
    if (taken !== undefined) {
      const sentence = `The column '${name}' cannot be kept: the output has a column '${taken}'.`;
      throw new UserError(sentence, undefined, 2);
    }
    columns.push({ name, type: 'VARCHAR' });
  }
  return columns;
}

/** Blocks of raw rows as batches of ids; beside them, the texts to keep and counts. */
class RowBatches implements AsyncIterable<Batch> {
  /** Rows known to exist. */
  found = 0;
  private readonly oov: Float64Array; // (F)
  private readonly values: Float64Array; // (F)
  /** Per batch that was given out, the columns to keep. */
  private readonly kept: (string | null)[][][] = [];

  constructor(
    private readonly scoring: RawModel,
    private readonly engine: ScoringEngine,
    private readonly blocks: AsyncIterable<RawRowBlock>,
    private readonly keep: readonly string[],
  ) {
    this.oov = new Float64Array(scoring.schema.fields.length);
    this.values = new Float64Array(scoring.schema.fields.length);
  }

  /** The kept texts of the oldest batch, by column. */
  takeKept(): (string | null)[][] {
    return this.kept.shift() ?? [];
  }

  countsByField(): Pick<FilePrediction, 'oov' | 'values'> {
    const { fields } = this.scoring.schema;
    const byField = (counts: Float64Array) =>
      Object.fromEntries(fields.map(({ name }, f) => [name, counts[f]]));
    return { oov: byField(this.oov), values: byField(this.values) };
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Batch> {
    const batch = new RowBatch(this.engine.slots.shape);
    const encoder = new RowEncoder(this.scoring.encoding, batch.mostIds);
    const texts = new RowTexts(encoder.columns.length);
    let kept = this.keep.map((): (string | null)[] => []);
    for await (const block of this.blocks) {
      this.found = block.found;
      const columns = encoder.columns.map((name) => block.columns.get(name) ?? []);
      const keptColumns = this.keep.map((name) => block.columns.get(name) ?? []);
      texts.clear();
      for (let i = 0; i < block.rows; i++) {
        for (const column of columns) texts.addText(column[i] ?? null);
        texts.endRow();
      }
      for (let first = 0; first < block.rows; ) {
        const encoded = encoder.encode(texts, first);
        const [refused] = encoded.refused;
        if (refused) throw refusal(refused, await block.place(block.firstRow + refused.row));
        this.count(encoded);
        for (let next = 0; next < encoded.rows; ) {
          const added = batch.add(encoded, next);
          for (let i = first; i < first + added; i++)
            for (let k = 0; k < kept.length; k++) kept[k].push(keptColumns[k][i]);
          next += added;
          first += added;
          if (next === encoded.rows) break;
          this.kept.push(kept);
          kept = this.keep.map(() => []);
          yield batch.take();
        }
      }
    }
    this.kept.push(kept);
    if (batch.rows > 0) yield batch.take();
  }

  private count({ rows, offsets, oov }: EncodedBlock): void {
    const F = this.oov.length;
    for (let segment = 0; segment < rows * F; segment++) {
      this.oov[segment % F] += oov[segment];
      this.values[segment % F] += offsets[segment + 1] - offsets[segment];
    }
  }
}
