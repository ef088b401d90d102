// Table 3: ALPT and LPT beside FP at D = 32, and on data with a lower threshold, that is with more features.
import { loadDataset } from '../../data/encoded-dataset.js';
import type { Manifest } from '../../data/manifest.js';
import { UserError } from '../../errors.js';
import type { Comparison } from '../../reports/comparison.js';
import { reportedSplit } from '../../reports/summary.js';
import type { Claim, Expectation } from './claim.js';
import { measure, publishedTexts, scoreText } from './measured.js';
import { nothing, type Page, type PageTable } from './page.js';
import { type PlannedVariant, planVariant } from './planned-variant.js';
import { besides } from './protocol.js';
import { paperData, paperDatasets, paperNames, table3 as published } from './published.js';
import type { Reproduction, ReproductionRequest } from './reproduction.js';
import { askedRows, shown, type TablePart, tableNotes, tablePage } from './table-page.js';

type RowName = keyof typeof published;
const names = Object.keys(published) as RowName[];
const bits = 8;
const widerDim = 32;

/** The halves of the table, in its order. */
const halves = ['dim', 'threshold'] as const;
type Half = (typeof halves)[number];

/** What was trained for a half. */
export interface MeasuredHalf {
  manifest: Manifest;
  comparison: Comparison;
  planned: readonly PlannedVariant[];
}

export const table3: Reproduction = {
  summary: 'FP, LPT and ALPT at D = 32, and with more features (--data-threshold)',
  needsData: true,
  options: ['clips', 'dataThreshold'],
  rows: names,
  async make(request) {
    const { data, dataThreshold } = request;
    const { manifest } = await loadDataset(data);
    const lower = dataThreshold === null ? null : (await loadDataset(dataThreshold)).manifest;
    if (lower) requireLower(manifest, lower);
    const train = async (half: Half, from: string, folder?: string) => {
      const planned = plan(half, request);
      const variants = planned.flatMap(({ candidates }) => candidates);
      return {
        planned,
        comparison: await request.measure(from, variants, { ...(folder !== undefined && { folder }) }),
      };
    };
    const dim = { manifest, ...(await train('dim', data)) };
    if (lower === null || dataThreshold === null) return table3Page({ dim, threshold: null });
    const half = await train('threshold', dataThreshold, 'comparison-threshold');
    return table3Page({ dim, threshold: { manifest: lower, ...half } });
  },
};

/** What is trained for a half of it. */
export function plan(
  half: Half,
  { settings, rows, clips }: Pick<ReproductionRequest, 'settings' | 'rows' | 'clips'>,
): PlannedVariant[] {
  const options =
    half === 'dim' ? { fixed: { model: { dim: widerDim } }, label: `model.dim=${widerDim}` } : {};
  return askedRows(names, rows).map((row) => planVariant(row, bits, settings, { ...options, clips }));
}

/** The page from what was measured; `threshold` is null where there are no such data. */
export function table3Page(measured: { dim: MeasuredHalf; threshold: MeasuredHalf | null }): Page {
  const parts = {
    dim: { ...measured.dim, threshold: 'usual' as const },
    threshold: measured.threshold && { ...measured.threshold, threshold: 'lower' as const },
  };
  const { dataset, options } = measured.dim.manifest;
  return tablePage({
    title: 'Table 3: larger embeddings and more features',
    parts: [parts.dim, ...(parts.threshold ? [parts.threshold] : [])],
    table: layout(parts),
    claims: halves.flatMap((half) =>
      claims.map(
        ({ says, expects, names: [ours, reference] }): Claim => ({
          says: `${says}, ${half === 'dim' ? `d=${widerDim}` : 'more features'}`,
          difference: `${ours} − ${reference}`,
          expects,
          plus: [part(parts[half], ours)],
          minus: [part(parts[half], reference)],
          published: (name) => published[ours][name][half].auc - published[reference][name][half].auc,
        }),
      ),
    ),
    missing: parts.threshold
      ? []
      : [
          `The half with more features is left out: it needs the same rows prepared at a lower threshold than ${options.minCount}. ` +
            `Make them with \`bitrow prepare ${dataset} … --min-count ${lowerThreshold(dataset)} --out DIR\` and pass --data-threshold DIR.`,
        ],
    notes: tableNotes,
    isClipTuned: true,
  });
}

function layout(parts: Record<Half, TablePart | null>): PageTable {
  const here = parts.dim ?? parts.threshold;
  const dataset = here?.comparison.data.dataset ?? '';
  const papers = besides(dataset);
  const columns = [
    `d=${widerDim} AUC`,
    `d=${widerDim} Logloss`,
    'more features AUC',
    'more features Logloss',
  ];
  return {
    corner: '',
    groups: [
      { title: `${dataset}, here`, columns },
      ...papers.map((name) => ({ title: `${paperNames[name]}, the paper`, columns })),
    ],
    rows: names
      .filter((name) => here?.planned.some(({ row }) => row.name === name))
      .map((name) => ({
        name,
        cells: [
          ...halves.flatMap((half) => {
            const variant = part(parts[half], name);
            const own = parts[half];
            if (variant === null || own === null) return [nothing, nothing];
            const { auc, logloss } = measure(variant, reportedSplit(own.comparison));
            return [scoreText(auc), scoreText(logloss)];
          }),
          ...papers.flatMap((paper) =>
            halves.flatMap((half) => publishedTexts(published[name][paper][half])),
          ),
        ],
      })),
  };
}

function part(own: TablePart | null, name: RowName) {
  return own === null ? null : shown(own, name, bits);
}

function lowerThreshold(dataset: string): number {
  const same = paperDatasets.find((name) => name === dataset);
  return same === undefined ? 1 : paperData[same].lowerMinCount;
}

/** The second data set must be the first one's, with more features. */
function requireLower(usual: Manifest, lower: Manifest): void {
  const [first, second] = [usual.options.minCount, lower.options.minCount];
  if (usual.dataset !== lower.dataset) {
    throw new UserError(
      `The data of --data are ${usual.dataset}, those of --data-threshold ${lower.dataset}: they must be the same rows.`,
      undefined,
      2,
    );
  }
  if (typeof first === 'number' && typeof second === 'number' && second >= first) {
    throw new UserError(
      `The data of --data-threshold have the threshold ${second}, which must be below that of --data, ${first}.`,
      `prepare them with --min-count ${lowerThreshold(usual.dataset)}`,
      2,
    );
  }
}

/** Section 4.3. */
const claims = [
  { says: 'ALPT loses nothing', expects: 'not lower', names: ['ALPT(SR)', 'FP'] },
  { says: 'ALPT improves on LPT', expects: 'higher', names: ['ALPT(SR)', 'LPT(SR)'] },
] as const satisfies { says: string; expects: Expectation; names: readonly [RowName, RowName] }[];
