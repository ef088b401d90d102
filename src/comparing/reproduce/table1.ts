// Table 1: every method at 8 bits beside FP: AUC, logloss, epochs × time, and how much smaller the tables are.
import { loadDataset } from '../../data/encoded-dataset.js';
import type { Manifest } from '../../data/manifest.js';
import type { Comparison, Variant } from '../../reports/comparison.js';
import { type ComparedSplit, reportedSplit } from '../../reports/summary.js';
import type { Claim, Expectation } from './claim.js';
import { epochsText, measure, publishedResultTexts, scoreText } from './measured.js';
import { nothing, type Page, type PageTable } from './page.js';
import { type PlannedVariant, planVariant } from './planned-variant.js';
import { besides } from './protocol.js';
import { paperNames, table1 as published } from './published.js';
import type { Reproduction, ReproductionRequest } from './reproduction.js';
import { askedRows, shown, type TablePart, tableNotes, tablePage } from './table-page.js';

type RowName = keyof typeof published;
const names = Object.keys(published) as RowName[];
const bits = 8;

export const table1: Reproduction = {
  summary: 'all methods at 8 bits: AUC, logloss, epochs × time, compression',
  needsData: true,
  options: ['clips'],
  rows: names,
  async make(request) {
    const { manifest } = await loadDataset(request.data);
    const planned = plan(request);
    const variants = planned.flatMap(({ candidates }) => candidates);
    const comparison = await request.measure(request.data, variants);
    return table1Page({ manifest, comparison, planned });
  },
};

/** What is trained for it. */
export function plan({ settings, rows, clips }: Pick<ReproductionRequest, 'settings' | 'rows' | 'clips'>) {
  return askedRows(names, rows).map((row) => planVariant(row, bits, settings, { clips }));
}

/** The page from what was measured. */
export function table1Page(measured: {
  manifest: Manifest;
  comparison: Comparison;
  planned: readonly PlannedVariant[];
}): Page {
  const part: TablePart = { ...measured, threshold: 'usual' };
  const of = (name: RowName) => shown(part, name, bits);
  return tablePage({
    title: 'Table 1: performance at 8 bits',
    parts: [part],
    table: layout(part),
    claims: claims.map(
      ({ says, expects, names: [ours, reference] }): Claim => ({
        says,
        difference: `${ours} − ${reference}`,
        expects,
        plus: [of(ours)],
        minus: [of(reference)],
        published: (dataset) => published[ours][dataset].auc - published[reference][dataset].auc,
      }),
    ),
    notes: [
      ...tableNotes,
      'Compression counts weights and steps, as the paper does. Its optimizer state, which is larger, it does not count: the last column does.',
    ],
    isClipTuned: true,
  });
}

function layout(part: TablePart): PageTable {
  const { comparison } = part;
  const papers = besides(comparison.data.dataset);
  const split = reportedSplit(comparison);
  return {
    corner: '',
    groups: [
      {
        title: `${comparison.data.dataset}, here`,
        columns: ['AUC', 'Logloss', 'Epochs × Time', 'Training', 'Inference', 'Training with optimizer'],
      },
      ...papers.map((name) => ({
        title: `${paperNames[name]}, the paper`,
        columns: ['AUC', 'Logloss', 'Epochs × Time'],
      })),
      { title: 'Compression ratio, the paper', columns: ['Training', 'Inference'] },
    ],
    rows: part.planned.map(({ row }) => {
      const { ratios, ...results } = published[row.name as RowName];
      return {
        name: row.name,
        cells: [
          ...measuredCells(shown(part, row.name, bits), split),
          ...papers.flatMap((name) => publishedResultTexts(results[name])),
          ...ratios.map((ratio) => `${ratio}x`),
        ],
      };
    }),
  };
}

function measuredCells(variant: Variant | null, split: ComparedSplit): string[] {
  if (variant === null) return Array.from({ length: 6 }, () => nothing);
  const measured = measure(variant, split);
  const { trainingTable, inference, trainingWithOptimizer } = variant.memory.ratios;
  return [
    scoreText(measured.auc),
    scoreText(measured.logloss),
    epochsText(measured),
    ...[trainingTable, inference, trainingWithOptimizer].map((ratio) => `${Number(ratio.toPrecision(3))}x`),
  ];
}

/** Section 4.2, in its order. */
const claims = [
  { says: 'ALPT loses nothing', expects: 'not lower', names: ['ALPT(SR)', 'FP'] },
  { says: 'LPT loses', expects: 'lower', names: ['LPT(SR)', 'FP'] },
  { says: 'hashing loses', expects: 'lower', names: ['Hashing', 'FP'] },
  { says: 'pruning loses', expects: 'lower', names: ['Pruning', 'FP'] },
  { says: 'ALPT improves on LPT', expects: 'higher', names: ['ALPT(SR)', 'LPT(SR)'] },
  { says: 'PACT is comparable to ALPT', expects: 'equal', names: ['PACT', 'ALPT(SR)'] },
  { says: 'LSQ is comparable to ALPT', expects: 'equal', names: ['LSQ', 'ALPT(SR)'] },
  { says: 'SR is better than DR in LPT', expects: 'higher', names: ['LPT(SR)', 'LPT(DR)'] },
  { says: 'SR is better than DR in ALPT', expects: 'higher', names: ['ALPT(SR)', 'ALPT(DR)'] },
] as const satisfies { says: string; expects: Expectation; names: readonly [RowName, RowName] }[];
