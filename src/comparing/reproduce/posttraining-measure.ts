// What each way to quantize does to one trained run: the error of some of its rows, the bytes of its table, and the scores of
// a split with the quantized table in place. Each result is a file of its own, written when it is there, so that work that
// was stopped goes on where it was: FOLDER/METHOD-BITS-SIDE.json.
import { existsSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { UserError } from '../../errors.js';
import { blockTeam } from '../../posttraining/block-team.js';
import { type Calibration, calibrationOf } from '../../posttraining/calibration.js';
import { prepareTable, storedBytes, withRows } from '../../posttraining/prepare-table.js';
import { storeInMemory } from '../../posttraining/quantized-table.js';
import type { QuantizerSpec, RowSource } from '../../posttraining/quantizer.js';
import { quantizers } from '../../posttraining/registry.js';
import type { RowErrors } from '../../posttraining/row-errors.js';
import { writeWhole } from '../../runs/whole-file.js';
import { calibrateLogit } from '../../scoring/logit-calibration.js';
import { type RowScores, TableCost } from '../../scoring/table-cost.js';
import { tableSource } from '../../scoring/table-source.js';
import { version } from '../../version.js';
import { isScored, type Way } from './posttraining-ways.js';

/** Rows whose error is taken: of every table as many, evenly spread, since one method takes milliseconds for each. */
export const sampleRows = 1000;

/** Up to here other threads take longer to start than the work does. */
const FEW_ROWS = 20_000;

export interface MeasuredWay {
  /** Of the sample. */
  errors: RowErrors;
  rows: number;
  /** Of the whole table as it is stored. */
  bytes: number;
  /** Null where the table was not quantized as a whole. */
  scores: RowScores | null;
  /** Of quantizing the rows that the split uses; null where they were not. */
  seconds: number | null;
}

/** A trained run with all that was measured on it. */
export interface MeasuredRun {
  /** V and D of its table. */
  rows: number;
  dim: number;
  /** Rows that the split looks up: what is scored depends on these alone. */
  usedRows: number;
  /** As it was trained. */
  scores: RowScores;
  /** By the way's name. */
  ways: ReadonlyMap<string, MeasuredWay>;
}

export interface MeasureOptions {
  /** Directory of the run. */
  run: string;
  data: string;
  split: string;
  ways: readonly Way[];
  /** Where results stand: with the run, so that they go when it does. */
  folder: string;
  threads?: number | undefined;
  ignoreLimits?: boolean | undefined;
  onProgress?: ((progress: { stage: string; done: number; total: number }) => void) | undefined;
  signal?: AbortSignal | undefined;
}

const trainedSchema = z.object({
  rows: z.int(),
  dim: z.int(),
  usedRows: z.int(),
  scores: z.custom<RowScores>(),
});
const waySchema = z.custom<MeasuredWay>((value) => typeof value === 'object' && value !== null);

/** Measures what has not been measured before. @throws UserError where the run's model is gone, or has no room */
export async function measureWays(options: MeasureOptions): Promise<MeasuredRun> {
  const { run, data, split, ways, folder, ignoreLimits, onProgress, signal } = options;
  const threads = options.threads ?? availableParallelism();
  let opened: Opened | undefined;
  const open = async (): Promise<Opened> => {
    requireModel(run);
    const cost = await TableCost.open({ run, data, split, threads, ignoreLimits, signal });
    const used = await cost.usedRows();
    let calibration: Promise<Calibration> | undefined;
    return {
      cost,
      used,
      source: cost.source,
      calibration() {
        calibration ??= calibrateLogit(cost.run, {
          dataset: cost.dataset,
          signal,
          onProgress: (state) => onProgress?.({ stage: 'calibrate', ...state }),
        });
        return calibration;
      },
    };
  };
  const trained = await stored(join(folder, 'fp32.json'), split, trainedSchema, async () => {
    opened ??= await open();
    const { rows, dim } = opened.source;
    onProgress?.({ stage: 'fp32', done: 0, total: 1 });
    return { rows, dim, usedRows: opened.used.length, scores: plain(await opened.cost.score()) };
  });
  const measured = new Map<string, MeasuredWay>();
  for (const way of ways) {
    const { name, method, bits, side } = way;
    signal?.throwIfAborted();
    const file = join(folder, `${method}-${bits}-${side}.json`);
    const isWhole = isScored(way, trained.usedRows);
    const schema = waySchema.refine(({ scores }) => scores !== null || !isWhole);
    const result = await stored(file, split, schema, async () => {
      opened ??= await open();
      const progress = (done: number, total: number) => onProgress?.({ stage: name, done, total });
      return measureWay(opened, way, { isWhole, threads }, progress, signal);
    });
    measured.set(name, result);
  }
  return { ...trained, ways: measured };
}

interface Opened {
  cost: TableCost;
  source: RowSource;
  /** Ascending. */
  used: Uint32Array;
  /** On training rows, once for all that ask for it. */
  calibration(): Promise<Calibration>;
}

async function measureWay(
  opened: Opened,
  way: Way,
  { isWhole, threads }: { isWhole: boolean; threads: number },
  onProgress: (done: number, total: number) => void,
  signal: AbortSignal | undefined,
): Promise<MeasuredWay> {
  const { cost, source, used } = opened;
  const began = performance.now();
  onProgress(0, used.length);
  const rowsOf = await preparation(opened, way);
  const sample = spread(source.rows, sampleRows);
  const prepared = await rowsOf(sample);
  const { errors } = await storeInMemory(prepared, { signal });
  const bytes = storedBytes(withRows(prepared, source));
  const result = { errors, rows: sample.length, bytes };
  if (!isWhole) return { ...result, scores: null, seconds: null };
  const quantized = await storeInMemory(await rowsOf(used), {
    signal,
    team: used.length > FEW_ROWS ? blockTeam(threads) : undefined,
    onProgress: (done) => onProgress(done, used.length),
  });
  const seconds = (performance.now() - began) / 1000;
  await cost.replacement.fill(quantized.table, used);
  return { ...result, scores: plain(await cost.scoreReplacement()), seconds };
}

/** How some rows of the table are prepared. What a method needs to know of a table it learns from all of it. */
async function preparation({ cost, source, calibration }: Opened, { method, bits, side }: Way) {
  const rowsOf = (rows: Uint32Array) => tableSource(cost.run.table, rows);
  const spec: QuantizerSpec = quantizers[method];
  if (!spec.needsCalibration) {
    const whole = await prepareTable(source, { method, bits, side });
    return async (rows: Uint32Array) => withRows(whole, rowsOf(rows));
  }
  // By the number of a row, which is another one among some of the rows.
  const whole = await calibration();
  return (rows: Uint32Array) =>
    prepareTable(rowsOf(rows), { method, bits, side, calibration: calibrationOf(whole, rows) });
}

/** At most `most` of the numbers below `rows`, evenly spread. */
export function spread(rows: number, most: number): Uint32Array {
  const count = Math.min(rows, most);
  return Uint32Array.from({ length: count }, (_, i) => Math.floor((i * rows) / count));
}

function plain({ rows, auc, logloss }: RowScores): RowScores {
  return { rows, auc, logloss };
}

/** The result in a file, if this version measured it on the same split; else that of `measure`, which it then holds. */
async function stored<T>(
  file: string,
  split: string,
  schema: z.ZodType<T>,
  measure: () => Promise<T>,
): Promise<T> {
  const head = { format: 'bitrow-quantized-1', bitrow: version, split };
  const known = z
    .object({
      format: z.literal(head.format),
      bitrow: z.literal(version),
      split: z.literal(split),
      measured: schema,
    })
    .safeParse(await parsed(file));
  if (known.success) return known.data.measured;
  const measured = await measure();
  await mkdir(join(file, '..'), { recursive: true });
  await writeWhole(file, `${JSON.stringify({ ...head, measured }, null, 1)}\n`);
  return measured;
}

async function parsed(file: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(file, 'utf8'));
  } catch {
    return undefined;
  }
}

function requireModel(run: string): void {
  if (existsSync(join(run, 'best.safetensors'))) return;
  throw new UserError(
    `The run '${run}' was trained, but its model is gone.`,
    `delete '${join(run, '..')}' to have it trained again`,
  );
}
