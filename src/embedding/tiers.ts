// Tiers of a table: its hot rows, which training sees most and rounds most often, in more bits than the others. Ids are
// sorted by how often training saw them, so the hot rows of a vocabulary are its first ones, and no row has another
// number than it would have without tiers.
import type { RowLayout, Storage } from './layout.js';

export const tierNames = ['cold', 'hot'] as const;
export type Tier = (typeof tierNames)[number];

/** What a table with tiers knows of its hot rows. */
export interface HotRows {
  /** Of each vocabulary, how many of its first rows are hot. */
  rows: readonly number[];
  layout: RowLayout;
}

/** What of a table's description decides on its tiers. */
interface Tiered {
  offsets: readonly number[];
  storage: Storage;
  layout: RowLayout;
  hot?: HotRows;
}

/** How the rows of a tier are stored. */
export interface TierStorage {
  bits: Storage['bits'];
  tableStep: number;
  layout: RowLayout;
}

/** @throws Error for the hot tier of a table that has none */
export function tierStorage({ storage, layout, hot }: Tiered, tier: Tier): TierStorage {
  if (tier === 'cold') return { bits: storage.bits, tableStep: storage.tableStep, layout };
  if (!storage.hot || !hot) throw new Error('A table without hot rows was asked for them.');
  return { ...storage.hot, layout: hot.layout };
}

/** The tiers of a table: those without hot rows have the cold one alone. */
export function tiersOf({ storage }: Pick<Tiered, 'storage'>): readonly Tier[] {
  return storage.hot ? tierNames : ['cold'];
}

/** Rows that lie together and are of one tier. */
export interface TierRun {
  tier: Tier;
  firstRow: number;
  rows: number;
}

/** All rows of a table, ascending, in the longest runs of one tier: across vocabularies where these meet. */
export function tierRuns({ offsets, hot }: Pick<Tiered, 'offsets' | 'hot'>): TierRun[] {
  const runs: TierRun[] = [];
  const add = (tier: Tier, firstRow: number, rows: number) => {
    if (rows === 0) return;
    const last = runs[runs.length - 1];
    if (last?.tier === tier) last.rows += rows;
    else runs.push({ tier, firstRow, rows });
  };
  for (let v = 0; v + 1 < offsets.length; v++) {
    const [first, end] = [offsets[v], offsets[v + 1]];
    const hotRows = hot?.rows[v] ?? 0;
    add('hot', first, hotRows);
    add('cold', first + hotRows, end - first - hotRows);
  }
  return runs;
}
