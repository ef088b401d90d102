// Runs the cells of an experiment one after the other and keeps each cell's numbers, so that an experiment may be
// stopped and goes on where it was.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import { merge, type PartialConfig, resolveConfig } from '../src/runs/resolve-config.js';
import { RunDirectory } from '../src/runs/run-directory.js';
import { evaluate } from '../src/scoring/evaluate.js';
import type { EpochRecord } from '../src/training/epochs.js';
import { type TrainResult, train } from '../src/training/train.js';

export interface Cell {
  name: string;
  seed: number;
  settings: PartialConfig;
}

export interface CellResult {
  name: string;
  seed: number;
  result: TrainResult;
  epochs: EpochRecord[];
  test: { auc: number | null; logloss: number | null } | null;
}

export function readYaml(file: string): PartialConfig {
  return parse(readFileSync(file, 'utf8')) as PartialConfig;
}

/** Trains a cell, looks at `split` once (null: not at all), and stores what came out; a stored cell is only read. */
export async function runCell(
  cell: Cell,
  { data, out, base, split }: { data: string; out: string; base: PartialConfig; split: string | null },
): Promise<CellResult> {
  mkdirSync(out, { recursive: true });
  const file = join(out, `${cell.name.replaceAll(':', '-')}-seed${cell.seed}.json`);
  if (existsSync(file)) return JSON.parse(readFileSync(file, 'utf8')) as CellResult;
  const config = resolveConfig(merge(base, cell.settings, { training: { seed: cell.seed } }));
  const threads = availableParallelism();
  const run = join(out, 'run');
  const result = await train({ data, out: run, config, threads, force: true });
  const epochs = (await (await RunDirectory.open(run)).metrics()) as EpochRecord[];
  const test = split === null ? null : await evaluate({ run, data, split, checkpoint: 'best', threads });
  const stored: CellResult = {
    name: cell.name,
    seed: cell.seed,
    result,
    epochs,
    test: test && { auc: test.auc, logloss: test.logloss },
  };
  writeFileSync(file, `${JSON.stringify(stored)}\n`);
  console.error(
    `${cell.name} seed ${cell.seed}: validation AUC ${result.validation.auc?.toFixed(5)}, test AUC ${test?.auc?.toFixed(5) ?? '–'}, ${result.seconds.toFixed(0)} s`,
  );
  return stored;
}
