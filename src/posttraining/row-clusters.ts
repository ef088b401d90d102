// Rows of a table in K clusters by k-means, in a memory that does not grow with the table but for 4 bytes a row. Up to 1,024
// clusters are searched for a row one by one; more are a tree of two levels: √K groups, made from a sample, and the
// clusters of each group. So a turn over all rows costs rows · D · min(K, 2 √K) operations at most, and K times rows
// never. First centroids are rows drawn by Philox: the same table gives the same clusters.
import { philox } from '../random/philox.js';
import { Stream, streamWord } from '../random/streams.js';
import { Centroids } from './centroids.js';
import type { RowSource } from './quantizer.js';
import { eachBlock } from './row-blocks.js';

/** Up to so many clusters there is one group. */
const MOST_ALONE = 1024;
/** Rows of the sample for each group. */
const SAMPLE_ROWS = 256;
/** Turns over the sample, then turns over the table: each is one more pass. */
const SAMPLE_TURNS = 8;
const TABLE_TURNS = 5;

/** Clusters of a table's rows. */
export interface RowClusters {
  /** K. */
  readonly count: number;
  /** (V), the cluster of each row of the table. */
  readonly assigned: Uint32Array;
  /** The cluster of the row values[at] …. */
  nearest(values: Float32Array, at: number): number;
}

/** Clusters the rows of a table. @param count K, at most the table's rows */
export async function clusterRows(table: RowSource, count: number): Promise<RowClusters> {
  const { rows, dim } = table;
  const groups = await groupRows(table, count <= MOST_ALONE ? 1 : Math.ceil(Math.sqrt(count)));
  const groupOf = (values: Float32Array, at: number) =>
    groups.count === 1 ? 0 : groups.nearest(values, at, 0, groups.count);

  // First the group of each row, later its cluster.
  const assigned = new Uint32Array(rows);
  const groupRowsOf = new Float64Array(groups.count);
  await eachRow(table, (values, at, row) => {
    const group = groupOf(values, at);
    assigned[row] = group;
    groupRowsOf[group]++;
  });
  const firsts = shareOut(count, groupRowsOf);

  const clusters = new Centroids(count, dim);
  const draw = drawer();
  // Row number `rank` of a group becomes a centroid where it is drawn: one from each of so many equal parts of the group.
  const seen = new Float64Array(groups.count);
  const placed = new Float64Array(groups.count);
  const drawRank = (group: number): number => {
    const number = firsts[group + 1] - firsts[group];
    const bound = (part: number) => Math.floor((part * groupRowsOf[group]) / number);
    return placed[group] < number ? draw(bound(placed[group]), bound(placed[group] + 1)) : -1;
  };
  const next = Float64Array.from(groupRowsOf, (_, group) => drawRank(group));
  await eachRow(table, (values, at, row) => {
    const group = assigned[row];
    if (seen[group]++ === next[group]) {
      clusters.place(firsts[group] + placed[group]++, values, at);
      next[group] = drawRank(group);
    }
  });

  const nearest = (values: Float32Array, at: number, group: number) =>
    clusters.nearest(values, at, firsts[group], firsts[group + 1]);
  for (let turn = 0; turn < TABLE_TURNS; turn++) {
    await eachRow(table, (values, at, row) => clusters.add(nearest(values, at, assigned[row]), values, at));
    clusters.move();
  }
  await eachRow(table, (values, at, row) => {
    assigned[row] = nearest(values, at, assigned[row]);
  });
  return { count, assigned, nearest: (values, at) => nearest(values, at, groupOf(values, at)) };
}

/** The upper level: centroids of a sample of rows at equal distances. */
async function groupRows(table: RowSource, count: number): Promise<Centroids> {
  const { rows, dim } = table;
  const groups = new Centroids(count, dim);
  if (count === 1) return groups;
  const size = Math.min(rows, SAMPLE_ROWS * count);
  const sample = new Float32Array(size * dim);
  let taken = 0;
  await eachRow(table, (values, at, row) => {
    if (taken < size && row === Math.floor((taken * rows) / size)) {
      sample.set(values.subarray(at, at + dim), taken++ * dim);
    }
  });
  const draw = drawer();
  for (let group = 0; group < count; group++) {
    const bound = (part: number) => Math.floor((part * size) / count);
    groups.place(group, sample, dim * draw(bound(group), bound(group + 1)));
  }
  for (let turn = 0; turn < SAMPLE_TURNS; turn++) {
    for (let at = 0; at < sample.length; at += dim) {
      groups.add(groups.nearest(sample, at, 0, count), sample, at);
    }
    groups.move();
  }
  return groups;
}

/** Calls `visit` with each row: where it begins in `values`, and its number. */
function eachRow(
  table: RowSource,
  visit: (values: Float32Array, at: number, row: number) => void,
): Promise<void> {
  const { dim } = table;
  return eachBlock(table, (values, first) => {
    for (let at = 0, row = first; at < values.length; at += dim, row++) visit(values, at, row);
  });
}

/**
 * Shares `count` clusters out to groups by their rows, none more than it has rows and none with rows without any.
 *
 * @returns (groups + 1), the first cluster of each, then `count`
 */
export function shareOut(count: number, rowsOf: Float64Array): Uint32Array {
  const total = rowsOf.reduce((sum, rows) => sum + rows, 0);
  const occupied = rowsOf.reduce((sum, rows) => sum + (rows > 0 ? 1 : 0), 0);
  const firsts = new Uint32Array(rowsOf.length + 1);
  // One for each group with rows; the others by the rows beyond that one, so that no group gets more than it has.
  const others = count - occupied;
  const beyond = Math.max(1, total - occupied);
  let rowsBefore = 0;
  let groupsBefore = 0;
  for (const [group, rows] of rowsOf.entries()) {
    if (rows > 0) {
      groupsBefore++;
      rowsBefore += rows - 1;
    }
    firsts[group + 1] = groupsBefore + Math.floor((others * rowsBefore) / beyond);
  }
  return firsts;
}

/** Draws whole numbers from `from` to `end` − 1, always the same ones. */
function drawer(): (from: number, end: number) => number {
  const words = new Uint32Array(4);
  let drawn = 0;
  return (from, end) => {
    philox(words, 0, 0, 0, drawn++, 0, 0, streamWord(Stream.rowClusters, 0));
    return from + Math.floor((words[0] / 2 ** 32) * (end - from));
  };
}
