// The trainings behind one place of a table. Usually one variant; several where the paper tuned a setting, and then the
// best by validation AUC is shown.

import { meanDeviation } from '../../metrics/mean-deviation.js';
import type { CodeBits } from '../../quantization/grid.js';
import type { Comparison, Variant } from '../../reports/comparison.js';
import type { Config } from '../../runs/config.js';
import { merge, type PartialConfig } from '../../runs/resolve-config.js';
import { type ChosenSettings, type PaperRow, rowConfig } from './paper-row.js';

export interface PlannedVariant {
  row: PaperRow;
  bits: CodeBits;
  fixed: PartialConfig;
  /** By their names in the comparison. */
  candidates: { name: string; config: Config }[];
}

/** The clips of LPT that the paper tuned over (section 4.1). */
export const paperClips: readonly number[] = [1, 0.1, 0.01, 0.001];

/**
 * @param clips of LPT, to choose from by validation; null: the one of the settings
 * @param label what tells the variant from others of the table, such as `model.dim=32`
 */
export function planVariant(
  row: PaperRow,
  bits: CodeBits,
  settings: ChosenSettings,
  options: { fixed?: PartialConfig; label?: string; clips?: readonly number[] | null } = {},
): PlannedVariant {
  const { fixed = {}, label, clips = null } = options;
  const { method, rounding, isQuantized } = row;
  const parts = [
    method,
    ...(isQuantized ? [String(bits)] : []),
    ...(rounding === 'deterministic' ? [rounding] : []),
  ];
  const base = [parts.join(':'), ...(label === undefined ? [] : [label])].join(' ');
  const candidates =
    method === 'lpt' && clips !== null
      ? clips.map((clip) => ({
          name: `${base} lpt.clip=${clip}`,
          config: rowConfig(row, bits, settings, merge(fixed, { lpt: { clip } })),
        }))
      : [{ name: base, config: rowConfig(row, bits, settings, fixed) }];
  return { row, bits, fixed, candidates };
}

/** The candidate to show, as far as they are measured: the best by mean validation AUC. */
export function chosenVariant(comparison: Comparison, { candidates }: PlannedVariant): Variant | null {
  const found = candidates.flatMap(({ name }) =>
    comparison.variants.filter((variant) => variant.name === name),
  );
  let best: Variant | null = null;
  let bestAuc = Number.NEGATIVE_INFINITY;
  for (const variant of found) {
    const auc = validationAuc(variant);
    if (best === null || auc > bestAuc) {
      best = variant;
      bestAuc = auc;
    }
  }
  return best;
}

function validationAuc({ cells }: Variant): number {
  const aucs = cells.flatMap(({ validation }) => (validation?.auc == null ? [] : [validation.auc]));
  return meanDeviation(aucs).mean ?? Number.NEGATIVE_INFINITY;
}
