// AUC within groups: is the right row ranked above the wrong one of the same user, session or page? An AUC over all
// rows also rewards telling a keen user from an idle one, which no ranking of one user's offers can use. The mean over
// groups is weighted by their rows (Zhou et al., "Deep Interest Network", KDD 2018, eq. 8: impressions). A group with
// one class has no AUC and is left out, and counted. Ties are one half.
import { sortedBy, sortKeys } from './ranking.js';

/** The group of a row that belongs to none; such rows are left out. */
export const NO_GROUP = 0;

/** The mean over groups, and what it leaves out. */
export interface GroupedAuc {
  /** null when no group has both classes. */
  readonly auc: number | null;
  /** Groups with both classes, whose AUC is in the mean. */
  readonly groups: number;
  /** Groups that were left out, for they have one class only. */
  readonly oneClassGroups: number;
  /** Rows in the mean. */
  readonly rows: number;
  /** Rows of groups with one class. */
  readonly oneClassRows: number;
  /** Rows of no group. */
  readonly ungroupedRows: number;
}

/** One group's part. */
export interface GroupRank {
  readonly group: number;
  readonly rows: number;
  /** Sum of the rows' weights. */
  readonly weight: number;
  /** null with one class. */
  readonly auc: number | null;
}

/**
 * Mean AUC within groups, weighted by rows.
 *
 * @param logits (rows)
 * @param labels (rows), 0 or 1
 * @param groups (rows), any numbers; 0 (NO_GROUP) leaves a row out
 * @param weights (rows), above 0; a pair of rows then counts the product of theirs, a group the sum. Default: 1 each
 * @throws UserError for a NaN among the logits or a label that is neither 0 nor 1
 * @example groupedAuc(new Float32Array([0, 1, 5]), new Uint8Array([0, 1, 0]), new Uint32Array([7, 7, 8])).auc // 1
 */
export function groupedAuc(
  logits: Float32Array,
  labels: Float32Array | Uint8Array,
  groups: Uint32Array,
  weights?: Float32Array | Float64Array,
): GroupedAuc {
  const total = { groups: 0, rows: 0, oneClassGroups: 0, oneClassRows: 0, ungroupedRows: 0 };
  let sum = 0;
  let weightSum = 0;
  for (const { group, rows, weight, auc } of rankGroups(logits, labels, groups, weights)) {
    if (group === NO_GROUP) {
      total.ungroupedRows += rows;
    } else if (auc === null) {
      total.oneClassGroups++;
      total.oneClassRows += rows;
    } else {
      total.groups++;
      total.rows += rows;
      sum += weight * auc;
      weightSum += weight;
    }
  }
  return { auc: total.groups === 0 ? null : sum / weightSum, ...total };
}

/** Every group's AUC, groups ascending. Arguments as `groupedAuc`, NO_GROUP being a group like any other. */
export function* rankGroups(
  logits: Float32Array,
  labels: Float32Array | Uint8Array,
  groups: Uint32Array,
  weights?: Float32Array | Float64Array,
): Generator<GroupRank> {
  const total = logits.length;
  if (labels.length !== total || groups.length !== total || (weights && weights.length !== total)) {
    throw new RangeError(`${total} logits, but labels, groups or weights are not as many`);
  }
  const keys = sortKeys(logits, labels);
  const byLogit = sortedBy(
    keys,
    Uint32Array.from(keys, (_, row) => row),
  );
  const order = sortedBy(groups, byLogit);
  for (let at = 0; at < total; ) {
    const first = at;
    const group = groups[order[at]];
    let pairs = 0;
    let positives = 0;
    let negatives = 0;
    while (at < total && groups[order[at]] === group) {
      const key = keys[order[at]];
      let tiedPositives = 0;
      let tiedNegatives = 0;
      for (; at < total && groups[order[at]] === group && keys[order[at]] === key; at++) {
        const weight = weights ? weights[order[at]] : 1;
        if (labels[order[at]] === 1) tiedPositives += weight;
        else tiedNegatives += weight;
      }
      pairs += tiedPositives * (negatives + tiedNegatives / 2);
      positives += tiedPositives;
      negatives += tiedNegatives;
    }
    const auc = positives > 0 && negatives > 0 ? pairs / (positives * negatives) : null;
    yield { group, rows: at - first, weight: positives + negatives, auc };
  }
}
