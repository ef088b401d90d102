// Table 2: the quantized methods at 2 and at 4 bits.
import { loadDataset } from '../../data/encoded-dataset.js';
import type { Manifest } from '../../data/manifest.js';
import type { Comparison } from '../../reports/comparison.js';
import { reportedSplit } from '../../reports/summary.js';
import type { Claim } from './claim.js';
import { measure, publishedTexts, scoreText } from './measured.js';
import { nothing, type Page, type PageTable } from './page.js';
import { type PlannedVariant, planVariant } from './planned-variant.js';
import { besides } from './protocol.js';
import { type PaperDataset, paperNames, table2 as published } from './published.js';
import type { Reproduction, ReproductionRequest } from './reproduction.js';
import { askedRows, shown, type TablePart, tableNotes, tablePage } from './table-page.js';

type RowName = keyof typeof published;
const names = Object.keys(published) as RowName[];
const widths = [2, 4] as const;

export const table2: Reproduction = {
  summary: 'PACT, LSQ, LPT and ALPT at 2 and 4 bits',
  needsData: true,
  options: ['clips'],
  rows: names,
  async make(request) {
    const { manifest } = await loadDataset(request.data);
    const planned = plan(request);
    const variants = planned.flatMap(({ candidates }) => candidates);
    const comparison = await request.measure(request.data, variants);
    return table2Page({ manifest, comparison, planned });
  },
};

/** What is trained for it. */
export function plan({ settings, rows, clips }: Pick<ReproductionRequest, 'settings' | 'rows' | 'clips'>) {
  return askedRows(names, rows).flatMap((row) =>
    widths.map((bits) => planVariant(row, bits, settings, { clips })),
  );
}

/** The page from what was measured. */
export function table2Page(measured: {
  manifest: Manifest;
  comparison: Comparison;
  planned: readonly PlannedVariant[];
}): Page {
  const part: TablePart = { ...measured, threshold: 'usual' };
  return tablePage({
    title: 'Table 2: smaller bit widths',
    parts: [part],
    table: layout(part),
    claims: claimsOf(part),
    notes: tableNotes,
    // The paper sets it to 0.1 at these widths (section 4.3).
    isClipTuned: false,
  });
}

function layout(part: TablePart): PageTable {
  const { comparison, planned } = part;
  const papers = besides(comparison.data.dataset);
  const split = reportedSplit(comparison);
  const columns = widths.flatMap((bits) => [`${bits}-bit AUC`, `${bits}-bit Logloss`]);
  return {
    corner: '',
    groups: [
      { title: `${comparison.data.dataset}, here`, columns },
      ...papers.map((name) => ({ title: `${paperNames[name]}, the paper`, columns })),
    ],
    rows: names
      .filter((name) => planned.some(({ row }) => row.name === name))
      .map((name) => ({
        name,
        cells: [
          ...widths.flatMap((bits) => {
            const variant = shown(part, name, bits);
            if (variant === null) return [nothing, nothing];
            const { auc, logloss } = measure(variant, split);
            return [scoreText(auc), scoreText(logloss)];
          }),
          ...papers.flatMap((dataset) =>
            widths.flatMap((bits) => publishedTexts(published[name][dataset][bits])),
          ),
        ],
      })),
  };
}

/** Section 4.3. */
function claimsOf(part: TablePart): Claim[] {
  const better = widths.map(
    (bits): Claim => ({
      says: `ALPT is better than LPT, ${bits}-bit`,
      difference: 'ALPT(SR) − LPT(SR)',
      expects: 'higher',
      plus: [shown(part, 'ALPT(SR)', bits)],
      minus: [shown(part, 'LPT(SR)', bits)],
      published: (dataset) =>
        published['ALPT(SR)'][dataset][bits].auc - published['LPT(SR)'][dataset][bits].auc,
    }),
  );
  const lead = (dataset: PaperDataset, bits: 2 | 4) =>
    published.LSQ[dataset][bits].auc - published['ALPT(SR)'][dataset][bits].auc;
  return [
    ...better,
    {
      says: 'LSQ’s lead over ALPT grows as bits get fewer',
      difference: 'LSQ − ALPT(SR), 2-bit less 4-bit',
      expects: 'higher',
      plus: [shown(part, 'LSQ', 2), shown(part, 'ALPT(SR)', 4)],
      minus: [shown(part, 'ALPT(SR)', 2), shown(part, 'LSQ', 4)],
      published: (dataset) => lead(dataset, 2) - lead(dataset, 4),
    },
  ];
}
