// Whether an exported ONNX model is the run: at every optimization level of onnxruntime the rows of its tables equal the
// run's in every bit (+0 and −0 are one), and the logits of 10,000 rows differ by at most 1e-5·(1 + |logit|).
import { rm, writeFile } from 'node:fs/promises';
import { UserError } from '../errors.js';
import {
  createSession,
  type OptimizationLevel,
  onnxruntimeVersion,
  optimizationLevels,
} from '../graph/session.js';
import { cannotWrite } from '../runs/whole-file.js';
import { numberInput } from '../schema/number-input.js';
import type { OpenedRun } from '../scoring/open-run.js';
import { scoreBatches } from '../scoring/score-batches.js';
import { startScoring } from '../scoring/scoring-engine.js';
import { modelOfRun } from '../scoring/scoring-model.js';
import type { ExportSettings, ExportSubject, Parity } from './exporter.js';
import { outputNames } from './onnx-inputs.js';
import { feedsOf } from './parity-feeds.js';
import { type ParityBatch, parityRows } from './parity-rows.js';
import { type CheckedBlock, expectedRows, requireEqualRows } from './parity-tables.js';

/** Of 1 + |logit|. */
export const TOLERANCE = 1e-5;

/** A model in a file. */
export interface ModelToCheck {
  /** Its path. */
  readonly model: string;
  /** From the same inputs to rows of tables; written to `path` while it is needed. */
  readonly lookups: { readonly bytes: Uint8Array; readonly path: string };
  /** What those rows are. */
  readonly blocks: readonly CheckedBlock[];
}

/** Compares. @throws UserError that names the row, when they differ */
export async function checkParity(
  { model, lookups, blocks }: ModelToCheck,
  subject: ExportSubject,
  { threads, onProgress, signal }: ExportSettings,
): Promise<Parity> {
  const { from, batches } = await parityRows(subject, signal);
  const expected = await scoreRows(subject.run, batches, threads);
  const samples = expected.reduce((sum, { length }) => sum + length, 0);
  const total = 2 * optimizationLevels.length * samples;
  let done = 0;
  const step = (rows: number) => {
    signal?.throwIfAborted();
    done += rows;
    onProgress({ stage: 'check', done, total, unit: 'samples' });
  };
  const feeds = batches.map((batch) => feedsOf(subject, batch));
  const expectedTables = batches.map((batch) =>
    blocks.flatMap((block) => expectedRows(subject.run, block, batch)),
  );
  await writeFile(lookups.path, lookups.bytes).catch((error) => {
    throw cannotWrite(lookups.path, error);
  });
  try {
    for (const level of optimizationLevels) {
      const session = await createSession(lookups.path, { optimization: level });
      try {
        for (const [i, { rows }] of batches.entries()) {
          const fed = Object.fromEntries(session.inputNames.map((name) => [name, feeds[i][name]]));
          const found = expectedTables[i].map(({ output, shape, values }) => {
            return [output, { data: new Float32Array(values.length), shape }] as const;
          });
          await session.run(fed, Object.fromEntries(found));
          for (const [k, [, { data }]] of found.entries())
            requireEqualRows(expectedTables[i][k], data, level);
          step(rows);
        }
      } finally {
        await session.release();
      }
    }
  } finally {
    await rm(lookups.path, { force: true });
  }
  let largestDifference = 0;
  for (const level of optimizationLevels) {
    const session = await createSession(model, { optimization: level });
    try {
      for (const [i, { rows }] of batches.entries()) {
        const logits = new Float32Array(rows);
        await session.run(feeds[i], { [outputNames.logits]: { data: logits, shape: [rows] } });
        const difference = largestOf(logits, expected[i], level);
        largestDifference = Math.max(largestDifference, difference);
        step(rows);
      }
    } finally {
      await session.release();
    }
  }
  return {
    rows: samples,
    from,
    levels: optimizationLevels,
    tableRows: expectedTables.flat().reduce((sum, { rows }) => sum + rows.length, 0),
    largestDifference,
    onnxruntime: onnxruntimeVersion,
  };
}

/** max |Δlogit|. @throws UserError for a row beyond the tolerance */
function largestOf(logits: Float32Array, expected: Float32Array, level: OptimizationLevel): number {
  let largest = 0;
  for (const [row, logit] of logits.entries()) {
    const difference = Math.abs(logit - expected[row]);
    // Not <=: a NaN is no logit.
    if (!(difference <= TOLERANCE * (1 + Math.abs(expected[row])))) {
      throw new UserError(
        `The exported model gives the logit ${logit} where the run gives ${expected[row]} (optimization level ${level}, onnxruntime ${onnxruntimeVersion}): it is not written.`,
        'export a bundle, or report it with the configuration of the run',
      );
    }
    largest = Math.max(largest, difference);
  }
  return largest;
}

/** Logits of the run, as `evaluate` has them. */
export async function scoreRows(
  run: OpenedRun,
  batches: readonly ParityBatch[],
  threads: number,
): Promise<Float32Array[]> {
  const { numbers = [] } = run.directory.run.dataset;
  const batchRows = Math.max(...batches.map(({ rows }) => rows));
  const hasBags = batches.some(({ offsets }) => offsets !== null);
  const bagIds = hasBags ? Math.max(...batches.map(({ ids }) => ids.length)) : null;
  const engine = await startScoring(modelOfRun(run, 'best'), {
    threads: Math.min(threads, 2),
    batchRows,
    bagIds,
  });
  try {
    const asked = batches.map(({ rows, ids, offsets, raw }, index) => ({
      ...{ epoch: 0, index, rows, ids, labels: new Float32Array(rows) },
      offsets: offsets ?? undefined,
      numbers:
        numbers.length > 0
          ? Float32Array.from(raw, (x, i) =>
              numberInput(Number.isNaN(x) ? null : x, numbers[i % numbers.length]),
            )
          : undefined,
    }));
    const logits: Float32Array[] = [];
    for await (const scored of scoreBatches(engine, asked)) logits.push(scored.logits);
    return logits;
  } finally {
    await engine.team.close();
  }
}
