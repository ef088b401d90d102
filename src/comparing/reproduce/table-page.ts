// The page of a table: first whether its numbers may be compared with the paper's, then the table in the paper's form, what
// the paper concludes from it, and how things were done where the paper leaves them open.
import type { Manifest } from '../../data/manifest.js';
import type { Comparison, Variant } from '../../reports/comparison.js';
import { reportedSplit } from '../../reports/summary.js';
import { presets } from '../../runs/presets.js';
import { type Claim, claimTable, significant } from './claim.js';
import { failures } from './measured.js';
import type { Page, PageTable, Section } from './page.js';
import { paperRows, rowConfig } from './paper-row.js';
import { chosenVariant, type PlannedVariant, paperClips } from './planned-variant.js';
import { besides, dataDifferences, runDifferences, seedDifferences } from './protocol.js';
import { paper, paperNames } from './published.js';

/** One data set's part of a table. */
export interface TablePart {
  manifest: Manifest;
  threshold: 'usual' | 'lower';
  comparison: Comparison;
  planned: readonly PlannedVariant[];
}

export interface TableContent {
  title: string;
  parts: readonly TablePart[];
  table: PageTable;
  claims: readonly Claim[];
  /** What this table leaves out, and how to get it. */
  missing?: readonly string[];
  notes: readonly string[];
  /** Whether the paper tuned LPT's clip for this table. */
  isClipTuned: boolean;
}

/** Puts the page together. */
export function tablePage(content: TableContent): Page {
  const { title, parts, table, claims, missing = [], notes } = content;
  const [{ comparison }] = parts;
  const differences = [...new Set(parts.flatMap((part) => partDifferences(part, content.isClipTuned)))];
  const papers = besides(comparison.data.dataset);
  const split = reportedSplit(comparison);
  const failed = parts.flatMap((part) => failures(part.comparison.variants));
  const conclusions = claimTable(claims, papers, split);
  const list = (heading: string, items: readonly string[]): Section[] =>
    items.length === 0
      ? []
      : [
          { kind: 'heading', text: heading },
          { kind: 'list', items: [...items] },
        ];
  const sections: Section[] = [
    {
      kind: 'text',
      text: `${paper}. Here: ${described(comparison)}, scores of the ${split} split.`,
    },
    { kind: 'text', text: verdict(differences) },
    ...(differences.length > 0 ? [{ kind: 'list' as const, items: differences }] : []),
    { kind: 'heading', text: 'The table' },
    { kind: 'table', table },
    ...(missing.length > 0 ? [{ kind: 'list' as const, items: [...missing] }] : []),
    ...list('What did not finish', failed),
    ...(conclusions.rows.length > 0
      ? [
          { kind: 'heading' as const, text: 'What the paper concludes from it' },
          { kind: 'table' as const, table: conclusions },
          { kind: 'text' as const, text: judging },
        ]
      : []),
    ...list('How it was done here', notes),
    { kind: 'text', text: `Repeated by \`${comparison.command}\`.` },
  ];
  return {
    title,
    sections,
    record: { differences, split, table, failed, comparisons: parts.map((part) => part.comparison) },
  };
}

const judging =
  'A conclusion holds here if the whole interval says so. What should lose nothing or be comparable may differ by up to ' +
  `${significant}, which the paper calls significant.`;

function verdict(differences: readonly string[]): string {
  return differences.length === 0
    ? 'Data and protocol are the paper’s, as far as it states them.'
    : 'These numbers must not be compared with the paper’s: data or protocol differ.';
}

function described({ data, seeds }: Comparison): string {
  const rows = Object.values(data.rows).reduce((sum, each) => sum + each, 0);
  const many = seeds.length === 1 ? '1 seed' : `${seeds.length} seeds`;
  return `${data.dataset}, ${rows.toLocaleString('en-US')} rows, ${data.features.toLocaleString('en-US')} table rows, ${many}`;
}

function partDifferences(
  { manifest, threshold, planned, comparison }: TablePart,
  isClipTuned: boolean,
): string[] {
  const runs = planned.flatMap(({ row, bits, fixed, candidates }) =>
    candidates.map(({ config }) => ({
      name: row.name,
      // A candidate's clip is judged as part of the tuning, below.
      config: row.method === 'lpt' && isClipTuned ? withClipOf(config, config) : config,
      references: besides(manifest.dataset).map((name) => ({
        name: paperNames[name],
        config:
          row.method === 'lpt' && isClipTuned
            ? withClipOf(rowConfig(row, bits, { preset: presets[name], layers: [] }, fixed), config)
            : rowConfig(row, bits, { preset: presets[name], layers: [] }, fixed),
      })),
    })),
  );
  const differences = [
    ...dataDifferences(manifest, threshold),
    ...runDifferences(runs),
    ...seedDifferences(comparison.seeds.length),
  ];
  const clips = planned
    .filter(({ row }) => row.method === 'lpt')
    .flatMap(({ candidates }) => candidates.map(({ config }) => config.lpt.clip));
  if (isClipTuned && clips.length > 0 && paperClips.some((clip) => !clips.includes(clip))) {
    const tried = [...new Set(clips)].join(', ');
    differences.push(
      `LPT's clip is ${tried} (the paper: the best of ${paperClips.join(', ')}; \`--clips\`).`,
    );
  }
  return differences;
}

function withClipOf<C extends { lpt: { clip: number } }>(config: C, other: C): C {
  return { ...config, lpt: { ...config.lpt, clip: other.lpt.clip } };
}

/** What the notes of every table say. */
export const tableNotes: readonly string[] = [
  'The scores are of the epoch with the best validation AUC. ± is the standard deviation between seeds.',
  'Adam is lazy: rows that are not in a batch, and their moments, stay as they are. The paper does not say whether its are.',
  'The paper names its network DCN and refers to an open benchmark for its size; the presets are that benchmark’s best runs.',
  'Time is that of this machine’s processors, the paper’s of a V100: compare ratios between rows.',
];

/** The variant to show for a row of the paper at a width. */
export function shown(part: TablePart, name: string, bits: number): Variant | null {
  const planned = part.planned.find(({ row, bits: width }) => row.name === name && width === bits);
  return planned ? chosenVariant(part.comparison, planned) : null;
}

/** The paper's rows of a table, as far as they are asked for. */
export function askedRows(names: readonly string[], rows: readonly string[] | null) {
  return paperRows.filter(({ name }) => names.includes(name) && (rows === null || rows.includes(name)));
}
