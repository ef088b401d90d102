// Post-training quantization: tables of `full` trained at several widths, quantized in every way there is. Table 1 is the
// error of rows by method, table 2 size and logloss; both in the form of Guan et al. 2019, whose own numbers are not at hand.
import { join } from 'node:path';
import { loadDataset } from '../../data/encoded-dataset.js';
import { UserError } from '../../errors.js';
import { reportedSplit, splitName } from '../../reports/summary.js';
import { cellKey, withSeed } from '../cell-key.js';
import { cellFolder } from '../cell-store.js';
import type { Page } from './page.js';
import { type ChosenSettings, paperRows } from './paper-row.js';
import { type PlannedVariant, planVariant } from './planned-variant.js';
import { measureWays } from './posttraining-measure.js';
import { posttrainingPage } from './posttraining-page.js';
import type { WidthResults } from './posttraining-results.js';
import { defaultWays, parseWays } from './posttraining-ways.js';
import type { Reproduction } from './reproduction.js';

/** Where its cells are trained, within OUT: apart from those of the tables, since these keep their weights. */
export const POSTTRAINING = 'posttraining';

/** The widths of the paper's tables. */
export const posttrainingDims: readonly number[] = [8, 16, 32, 64, 128];

const [full] = paperRows.filter(({ name }) => name === 'FP');

export const posttraining: Reproduction = {
  summary:
    'error, size and logloss of tables quantized after training, by method and width (Guan et al. 2019)',
  needsData: true,
  options: ['dims', 'quantizers'],
  rows: [],
  async make(request): Promise<Page> {
    const { data, settings, dims, quantizers, afterwards } = request;
    const { out, seeds, threads, ignoreLimits, signal, onProgress } = afterwards;
    requireNoDim(settings);
    const ways = quantizers === null ? defaultWays() : parseWays(quantizers);
    const { manifest } = await loadDataset(data);
    const planned = plan(settings, dims ?? posttrainingDims);
    const variants = planned.flatMap(({ candidates }) => candidates);
    const comparison = await request.measure(data, variants, { folder: POSTTRAINING, keepRuns: true });
    const split = splitName(comparison, reportedSplit(comparison));
    const widths: WidthResults[] = [];
    for (const [i, { candidates }] of planned.entries()) {
      const [{ name, config }] = candidates;
      const cells = comparison.variants.find((variant) => variant.name === name)?.cells ?? [];
      const runs: WidthResults['runs'] = [];
      for (const seed of seeds) {
        if (cells.find((cell) => cell.seed === seed)?.status !== 'finished') continue;
        const key = cellKey(withSeed(config, seed), manifest.fingerprint);
        const cell = cellFolder(join(out, POSTTRAINING), key);
        const measured = await measureWays({
          run: join(cell, 'run'),
          folder: join(cell, 'quantized'),
          data,
          split,
          ways,
          threads,
          ignoreLimits,
          signal,
          onProgress: (progress) =>
            onProgress?.({ ...progress, stage: `D = ${config.model.dim}, seed ${seed}: ${progress.stage}` }),
        });
        runs.push({ seed, measured });
      }
      widths.push({ dim: (dims ?? posttrainingDims)[i], runs });
    }
    return posttrainingPage({ comparison, split, ways, widths });
  },
};

/** What is trained for it: full precision at each width. */
export function plan(settings: ChosenSettings, dims: readonly number[]): PlannedVariant[] {
  return dims.map((dim) =>
    planVariant(full, 8, settings, { fixed: { model: { dim } }, label: `model.dim=${dim}` }),
  );
}

/** @throws UserError where the width is set as for one training; a file may be one that `train` uses too */
function requireNoDim({ layers }: ChosenSettings): void {
  const isSet = layers.some(({ values, locate }) => !locate && Object.hasOwn(Object(values.model), 'dim'));
  if (!isSet) return;
  throw new UserError(
    'The width of embeddings is what its tables go over: --dim is not for it.',
    'pass --dims, such as --dims 16 or --dims 8,16,32',
    2,
  );
}
