// A row of one of the paper's tables as something to train: the method, its width and rounding, and how its configuration
// comes about: the preset (which depends on the width), what the user set, and what the row itself fixes.
import type { CodeBits } from '../../quantization/grid.js';
import type { Config } from '../../runs/config.js';
import type { Preset } from '../../runs/presets.js';
import { type ConfigLayer, merge, type PartialConfig, resolveLayers } from '../../runs/resolve-config.js';

/** A method as the paper names it. */
export interface PaperRow {
  /** FP, LPT(SR), … */
  name: string;
  /** In bitrow's registry. */
  method: string;
  /** Where the paper has one. */
  rounding?: 'stochastic' | 'deterministic';
  isQuantized: boolean;
}

/** What a user chose for all rows. */
export interface ChosenSettings {
  preset: Preset | undefined;
  /** --config and --set; they may not say what a row fixes. */
  layers: readonly ConfigLayer[];
}

/** The methods of the paper's tables, in the order of table 1. */
export const paperRows = [
  { name: 'FP', method: 'full', isQuantized: false },
  { name: 'Hashing', method: 'hashing', isQuantized: false },
  { name: 'Pruning', method: 'pruning', isQuantized: false },
  // They see values through DR by definition, and store none rounded.
  { name: 'PACT', method: 'pact', isQuantized: true },
  { name: 'LSQ', method: 'lsq', isQuantized: true },
  { name: 'LPT(DR)', method: 'lpt', isQuantized: true, rounding: 'deterministic' },
  { name: 'LPT(SR)', method: 'lpt', isQuantized: true, rounding: 'stochastic' },
  { name: 'ALPT(DR)', method: 'alpt', isQuantized: true, rounding: 'deterministic' },
  { name: 'ALPT(SR)', method: 'alpt', isQuantized: true, rounding: 'stochastic' },
] as const satisfies PaperRow[];

export type PaperRowName = (typeof paperRows)[number]['name'];

/** The configuration of a row at a width. `fixed` is what the table says of it, such as D = 32. */
export function rowConfig(
  row: PaperRow,
  bits: CodeBits,
  { preset, layers }: ChosenSettings,
  fixed: PartialConfig = {},
): Config {
  const { method: name, rounding } = row;
  const method = { name, ...(row.isQuantized && { bits }), ...(rounding && { rounding }) };
  const base = preset === undefined ? [] : [{ values: preset.config(bits) }];
  return resolveLayers([...base, ...layers, { values: merge(fixed, { method }) }]);
}
