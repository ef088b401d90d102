// Whether an exported ONNX model is the run: at every optimization level of onnxruntime the rows of its tables equal the
// run's in every bit (+0 and −0 are one), and the logits of 10,000 rows differ by at most 1e-5·(1 + |logit|).
import { rm, writeFile } from 'node:fs/promises';
import { Table } from '../embedding/table.js';
import { UserError } from '../errors.js';
import {
  createSession,
  type FedView,
  type OptimizationLevel,
  onnxruntimeVersion,
  optimizationLevels,
} from '../graph/session.js';
import { numberInput } from '../schema/number-input.js';
import { fieldOffsets, tablePairs } from '../scoring/blueprint.js';
import type { OpenedRun } from '../scoring/open-run.js';
import { readEmbeddings } from '../scoring/read-embeddings.js';
import { scoreBatches } from '../scoring/score-batches.js';
import { startScoring } from '../scoring/scoring-engine.js';
import { modelOfRun } from '../scoring/scoring-model.js';
import type { ExportSettings, ExportSubject, Parity } from './exporter.js';
import { fieldInputs, NUMBERS, offsetsInput, outputNames } from './onnx-inputs.js';
import { type ParityBatch, parityRows } from './parity-rows.js';
import type { CheckedBlock } from './write-onnx.js';

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
  let largestDifference = 0;
  let tableRows = 0;
  await writeFile(lookups.path, lookups.bytes);
  try {
    for (const level of optimizationLevels) {
      const rowsOf = await createSession(lookups.path, { optimization: level });
      try {
        const { inputNames } = rowsOf;
        tableRows = 0;
        for (const [i, batch] of batches.entries()) {
          const fed = Object.fromEntries(inputNames.map((name) => [name, feeds[i][name]]));
          for (const block of blocks)
            tableRows += await checkRows(subject.run, block, batch, rowsOf, fed, level);
          step(batch.rows);
        }
      } finally {
        await rowsOf.release();
      }
    }
  } finally {
    await rm(lookups.path, { force: true });
  }
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
    tableRows,
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

/** What the exported model is fed with for a batch. */
export function feedsOf(subject: Pick<ExportSubject, 'run'>, batch: ParityBatch): Record<string, FedView> {
  const fields = fieldInputs(subject);
  const N = subject.run.directory.run.dataset.numbers?.length ?? 0;
  const feeds: Record<string, FedView> = {};
  for (const [f, { name, pooling }] of fields.entries()) {
    const ids = idsOf(batch, f, fields.length);
    feeds[name] = int64(ids.ids);
    if (pooling !== null) feeds[offsetsInput(name)] = int64(ids.offsets);
  }
  if (N > 0) feeds[NUMBERS] = { data: batch.raw, shape: [batch.rows, N] };
  return feeds;
}

/** The ids of one field, of a bag with where each row's begin. */
function idsOf(
  { rows, ids, offsets }: ParityBatch,
  f: number,
  F: number,
): { ids: number[]; offsets: number[] } {
  const own: number[] = [];
  const begins = [0];
  for (let row = 0; row < rows; row++) {
    const segment = row * F + f;
    const [from, to] = offsets ? [offsets[segment], offsets[segment + 1]] : [segment, segment + 1];
    for (let i = from; i < to; i++) own.push(ids[i]);
    begins.push(own.length);
  }
  return { ids: own, offsets: begins };
}

function int64(numbers: readonly number[]): FedView {
  return { data: BigInt64Array.from(numbers, BigInt), shape: [numbers.length] };
}

/** Compares the rows that a block's ids find. @returns how many there are @throws UserError that names the first that differs */
async function checkRows(
  run: OpenedRun,
  { fields, bag, values }: CheckedBlock,
  batch: ParityBatch,
  session: Awaited<ReturnType<typeof createSession>>,
  feeds: Record<string, FedView>,
  level: OptimizationLevel,
): Promise<number> {
  const { config, run: record } = run.directory;
  const F = record.dataset.fields.length;
  const firstRows = fieldOffsets(record.dataset);
  const perField = fields.map((f) => idsOf(batch, f, F).ids.map((id) => firstRows[f] + id));
  // (B, fields), as the block has them; of a bag (T).
  const rows = Uint32Array.from({ length: fields.length * perField[0].length }, (_, i) =>
    Number(perField[i % fields.length][Math.floor(i / fields.length)]),
  );
  const unique = Uint32Array.from(new Set(rows)).sort();
  const places = new Map(Array.from(unique, (row, i) => [row, i]));
  for (const { table: name, output } of values) {
    const memory = name === 'embedding' ? run.table : run.firstOrder;
    if (!memory) throw new Error('The model has no first-order weights.');
    const { dim } = memory.spec;
    const expected = new Float32Array(unique.length * dim);
    const pairs = name === 'embedding' ? tablePairs(config, record.dataset) : null;
    readEmbeddings(new Table(memory, 0), pairs, unique, expected);
    const found = new Float32Array(rows.length * dim);
    const shape = bag ? [rows.length, dim] : [batch.rows, fields.length, dim];
    await session.run(feeds, { [output]: { data: found, shape } });
    for (const [i, row] of rows.entries()) {
      const at = (places.get(row) ?? 0) * dim;
      for (let j = 0; j < dim; j++) {
        if (found[i * dim + j] === expected[at + j]) continue;
        throw new UserError(
          `The exported model reads row ${row} of '${memory.spec.name}' as ${found[i * dim + j]} at ${j} where the run has ${expected[at + j]} (optimization level ${level}, onnxruntime ${onnxruntimeVersion}): it is not written.`,
          'export a bundle, or report it with the configuration of the run',
        );
      }
    }
  }
  return rows.length * values.length;
}
