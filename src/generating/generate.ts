// `generate`: a file of invented rows that looks like a known data set. The same file for any number of threads.
import { open } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { requireFreeFile, writeAside } from '../data/output-file.js';
import { UserError } from '../errors.js';
import { checkThreads, Team } from '../team/team.js';
import { uniqueTableRows } from './batch-rows.js';
import { type BestMetrics, LogitHistogram } from './best-metrics.js';
import { blockRows, type FileSpec, gzipped } from './block-maker.js';
import { calibrate } from './calibrate.js';
import { LineWriter } from './line-writer.js';
import { expectedFeatures, planLaws } from './plan.js';
import { type ShapeName, shapes } from './registry.js';
import type { GeneratingAnswer, GeneratingMessage, GeneratingWorkerData } from './worker.js';

/** What to make. */
export interface GenerateOptions {
  like: ShapeName;
  rows: number;
  /** Different values in the file. Default: as many as so many rows of the published data would have. */
  features?: number | undefined;
  /** File to write; compressed when it ends in .gz. */
  out: string;
  /** Default 1. */
  seed?: number | undefined;
  /** Default: all processors. The file does not depend on it. */
  threads?: number | undefined;
  /** Replace a file that exists. */
  force?: boolean | undefined;
  onProgress?: ((progress: { done: number; total: number }) => void) | undefined;
  signal?: AbortSignal | undefined;
}

/** What was made. */
export interface Generated {
  rows: number;
  positives: number;
  /** Of the planted model on the rows of the file: the best there is to reach. */
  best: BestMetrics;
  /** Expected different values of the categories that are seen at least 1, 2 and 10 times. */
  expectedFeatures: { atLeast1: number; atLeast2: number; atLeast10: number };
  /** Unique table rows of the file's first rows: with a row for every value, and where values seen fewer than
   * `minCount` times (the default when it is prepared) are OOV. */
  batch: { rows: number; uniqueValues: number; minCount: number; uniqueRows: number };
  sizeBytes: number;
}

/** Rows of the batch that is counted. */
const batchRows = 10_000;

/**
 * Writes the file, which appears whole or not at all.
 *
 * @throws UserError when the file exists, or rows or features cannot be
 * @example
 * const { best } = await generate({ like: 'criteo', rows: 1_000_000, out: 'rows.tsv' });
 */
export async function generate(options: GenerateOptions): Promise<Generated> {
  const { like, rows, features, out, seed = 1, force = false, signal, onProgress } = options;
  const threads = options.threads ?? availableParallelism();
  checkThreads(threads);
  if (!Number.isSafeInteger(rows) || rows < 1) {
    throw new UserError(`The number of rows is ${rows} (allowed: whole numbers from 1).`, undefined, 2);
  }
  requireFreeFile(out, force);
  const shape = shapes[like];
  const laws = planLaws(shape, rows, features);
  const gzip = out.endsWith('.gz');
  const spec: FileSpec = { like, laws, calibrated: calibrate(shape, laws, seed), rows, seed, gzip };
  const written = await writeAside(out, async (path) => {
    const file = await open(path, 'wx');
    try {
      const header = LineWriter.header(shape);
      let sizeBytes = 0;
      if (header !== '')
        sizeBytes += (await file.write(gzip ? gzipped(header) : Buffer.from(header))).bytesWritten;
      const made = await makeBlocks(spec, threads, signal, async (text, done) => {
        await file.writeFile(text);
        sizeBytes += text.length;
        onProgress?.({ done, total: rows });
      });
      return { ...made, sizeBytes };
    } finally {
      await file.close();
    }
  });
  const { minCount } = shape;
  const batch = Math.min(batchRows, rows);
  const uniqueRows = (threshold: number) =>
    uniqueTableRows(shape, laws, { seed, rows, minCount: threshold, batch });
  return {
    rows,
    ...written,
    expectedFeatures: {
      atLeast1: Math.round(expectedFeatures(laws, rows, 1)),
      atLeast2: Math.round(expectedFeatures(laws, rows, 2)),
      atLeast10: Math.round(expectedFeatures(laws, rows, 10)),
    },
    batch: { rows: batch, uniqueValues: uniqueRows(0), minCount, uniqueRows: uniqueRows(minCount) },
  };
}

/** Makes all blocks and hands them to `write` in order. The next round is made while one is written. */
async function makeBlocks(
  spec: FileSpec,
  threads: number,
  signal: AbortSignal | undefined,
  write: (text: Uint8Array, done: number) => Promise<void>,
): Promise<{ positives: number; best: BestMetrics }> {
  const { rows } = spec;
  const team = new Team<GeneratingMessage, GeneratingAnswer>(
    new URL('./worker.js', import.meta.url),
    threads,
    (thread): GeneratingWorkerData => ({ thread, threads, spec }),
  );
  let done = 0;
  let positives = 0;
  let loss = 0;
  try {
    const rounds = Math.ceil(rows / (blockRows * threads));
    const start = (round: number) => {
      const answers = team.call({ kind: 'round', round });
      // Awaited later; until then a failure is nobody's but must not end the process.
      answers.catch(() => {});
      return answers;
    };
    let next = start(0);
    for (let round = 0; round < rounds; round++) {
      const answers = await next;
      signal?.throwIfAborted();
      if (round + 1 < rounds) next = start(round + 1);
      for (const answer of answers) {
        if (!('block' in answer) || answer.block === null) continue;
        const { block } = answer;
        done += block.rows;
        positives += block.positives;
        loss += block.loss;
        await write(block.text, done);
      }
    }
    const histogram = new LogitHistogram();
    for (const answer of await team.call({ kind: 'histogram' })) {
      if ('counts' in answer) histogram.merge(answer.counts);
    }
    return { positives, best: { auc: histogram.auc(), logloss: loss / rows } };
  } finally {
    await team.close();
  }
}
