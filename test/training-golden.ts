// Reads the goldens of training: what an independent float64 program (scripts/goldens) makes of small cases.
// Types, reader and the tolerances that belong to them; no comparison with any method of ours.

import { readdirSync, readFileSync } from 'node:fs';

/** The rule of one kind of parameter; Adam has betas, row-wise Adagrad has none. */
export interface GoldenOptimizer {
  readonly optimizer: 'adam' | 'rowwise-adagrad';
  readonly learningRate: number;
  readonly beta1?: number;
  readonly beta2?: number;
  readonly epsilon: number;
  /** Coupled: added to the gradient as weightDecay × value. */
  readonly weightDecay: number;
}

/**
 * A table and dense parameters: `full` has values, `lpt`, `alpt` and `nested` have codes and steps. `lsq` and `pact` have values
 * and steps, and their records the codes that the values are seen as.
 */
export interface GoldenState {
  readonly values?: number[][]; // (V, D)
  readonly codes?: number[][]; // (V, D), signed, as stored: −2^(M−1) … 2^(M−1)−1
  readonly steps?: number[]; // (V), exact in float32
  readonly dense: Readonly<Record<string, number[]>>; // row-major, shapes in TrainingGolden.shapes
}

/** The state after a step. Cases of one step also say what happened inside, for the U rows of the batch. */
export interface GoldenRecord extends GoldenState {
  readonly step: number; // from 1
  readonly loss: number; // of pass 1
  readonly secondLoss?: number; // alpt: of pass 2
  readonly rows?: number[]; // (U), ascending
  readonly dValues?: number[][]; // (U, D), by stored values, summed over a row's occurrences, without weight decay
  readonly change?: number[][]; // (U, D), what the optimizer adds to the values
  readonly uniforms?: number[][]; // (U, D), stochastic rounding only
  readonly dQuantized?: number[][]; // (U, D), alpt: gradient in pass 2 of Q_D(w', step)
  readonly dStepUnscaled?: number[]; // (U), by the learned step or clip: before g
  readonly dStep?: number[]; // (U), or (1) where rows share a step: after g, without weight decay;
  // nested: by the logarithm of the step, decay included
  readonly stepChange?: number[]; // (U), alpt: what the optimizer adds to the steps
}

export interface TrainingGolden {
  readonly name: string;
  readonly method: 'full' | 'lpt' | 'alpt' | 'lsq' | 'pact' | 'nested';
  readonly bits: 2 | 4 | 8 | null;
  readonly rounding: 'stochastic' | 'deterministic' | null;
  readonly dim: number;
  readonly vocabularies: number[]; // rows of each field's vocabulary, one after another in the table
  readonly table: number;
  readonly seed: number;
  readonly clip?: number; // lpt: step = clip / 2^(M−1)
  readonly dense: GoldenOptimizer;
  readonly rows: GoldenOptimizer;
  readonly granularity?: 'table' | 'row'; // lsq, pact
  readonly storedBits?: 6 | 8 | 12; // nested: of `codes`; `bits` of them are seen
  readonly straightThrough?: 'all' | 'inside'; // nested
  readonly steps?: GoldenOptimizer; // alpt, lsq, nested; pact: of the clip
  readonly shapes: Readonly<Record<string, number[]>>;
  readonly ids: number[][][]; // (training steps, B, F), local to the field's vocabulary
  readonly labels: number[][]; // (training steps, B)
  readonly initial: GoldenState;
  readonly records: GoldenRecord[];
}

/** Uniforms of stochastic rounding for one row in one step. */
export interface UniformsGolden {
  readonly seed: number;
  readonly step: number;
  readonly table: number;
  readonly vocabulary: number;
  readonly id: number;
  readonly dim: number;
  readonly uniforms: number[]; // (D)
}

/** Names of what has a tolerance; codes have none, they are equal. */
export type GoldenQuantity = Exclude<keyof GoldenRecord, 'step' | 'rows' | 'codes' | 'uniforms'>;

/** |found − expected| may be absolute + relative × |expected|. */
export interface Tolerance {
  readonly absolute: number;
  readonly relative: number;
}

const folder = new URL('../../test/goldens/', import.meta.url);

function readJson(file: string): unknown {
  return JSON.parse(readFileSync(new URL(file, folder), 'utf8'));
}

/** All goldens of training, by file name. */
export function trainingGoldens(): TrainingGolden[] {
  const files = readdirSync(folder).filter((file) => /^training-.*\.json$/.test(file));
  return files.sort().map((file) => readJson(file) as TrainingGolden);
}

/** Uniforms at the corners of counter and key. */
export function uniformsGoldens(): UniformsGolden[] {
  return readJson('rounding-uniforms.json') as UniformsGolden[];
}

/** What a float32 implementation may differ by from the float64 program, measured there. */
export function goldenTolerances(): Readonly<Record<GoldenQuantity, Tolerance>> {
  return readJson('tolerances.json') as Readonly<Record<GoldenQuantity, Tolerance>>;
}
