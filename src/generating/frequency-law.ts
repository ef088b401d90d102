// How often each value of a field comes: a Zipf–Mandelbrot law. The value of rank r, from 1 to `values`, has a share
// proportional to the integral of (x + shift)^−exponent over r … r + 1, so that its rank is had from a uniform number
// by one power. Also what to expect of it: how many values are seen k times or more in n rows.

/** The law of one field. Shares sum to 1 − topShare; rank 0 has topShare (0 where no value stands out). */
export interface FrequencyLaw {
  /** Above 0, not 1. */
  readonly exponent: number;
  /** At least 0: the larger, the flatter the law is among its most frequent values. */
  readonly shift: number;
  /** How many values there are, below 2^32; so many need never be seen. */
  readonly values: number;
  readonly topShare: number;
}

/** More values than any field can have: its cells are 32-bit numbers. */
const mostValues = 2 ** 32 - 1;

/** Turns a uniform number u, 0 < u < 1, into a rank of the law. */
export function rankDrawer({ exponent, shift, values, topShare }: FrequencyLaw): (u: number) => number {
  const power = 1 - exponent;
  const root = 1 / power;
  const first = (1 + shift) ** power;
  const span = ((1 + values + shift) ** power - first) / (1 - topShare);
  return (u) => {
    if (u < topShare) return 0;
    const rank = Math.floor((first + (u - topShare) * span) ** root - shift);
    return rank < 1 ? 1 : rank > values ? values : rank;
  };
}

/** The share of rows that have the value of a rank. */
export function shareOf(law: FrequencyLaw, rank: number): number {
  const { exponent, shift, values, topShare } = law;
  if (rank === 0) return topShare;
  const at = (x: number) => (x + shift) ** (1 - exponent);
  return ((1 - topShare) * (at(rank + 1) - at(rank))) / (at(1 + values) - at(1));
}

/** Ranks that are looked at one by one; beyond, in groups that each span the same factor. */
const singleRanks = 2000;
const rankGroups = 800;

/** Visits groups of ranks of nearly equal share: how many, and the share of each of them. */
export function visitRanks(law: FrequencyLaw, visit: (ranks: number, share: number) => void): void {
  const { exponent, shift, values, topShare } = law;
  if (topShare > 0) visit(1, topShare);
  const power = 1 - exponent;
  const end = values + 1;
  const start = (1 + shift) ** power;
  const whole = (1 - topShare) / ((end + shift) ** power - start);
  const ratio = (end / singleRanks) ** (1 / rankGroups);
  let before = start;
  for (let first = 1; first < end; ) {
    const next = first < singleRanks ? first + 1 : Math.max(first + 1, Math.floor(first * ratio));
    const stop = Math.min(next, end);
    const after = (stop + shift) ** power;
    visit(stop - first, ((after - before) * whole) / (stop - first));
    before = after;
    first = stop;
  }
}

/** Expected number of values that are seen at least `count` times in `rows` rows (as Poisson numbers). */
export function expectedValues(law: FrequencyLaw, rows: number, count = 1): number {
  let sum = 0;
  visitRanks(law, (ranks, share) => {
    sum += ranks * atLeast(rows * share, count);
  });
  return sum;
}

/** Probability that a Poisson number of this mean is at least `count`. */
export function atLeast(mean: number, count: number): number {
  if (count === 1) return -Math.expm1(-mean);
  let term = Math.exp(-mean);
  let below = term;
  for (let k = 1; k < count; k++) {
    term *= mean / k;
    below += term;
  }
  return 1 - below;
}

/**
 * The law of that exponent by which `rows` rows have `distinct` different values. As many values as that if they are
 * all seen, else more; and where no number of values is enough, a law that is flatter at its head.
 */
export function fitLaw(exponent: number, distinct: number, rows: number, topShare = 0): FrequencyLaw {
  const law = (shift: number, values: number): FrequencyLaw => ({ exponent, shift, values, topShare });
  const seen = (candidate: FrequencyLaw) => expectedValues(candidate, rows) - (topShare > 0 ? 1 : 0);
  if (seen(law(0, distinct)) >= 0.999 * distinct) return law(0, distinct);
  if (seen(law(0, mostValues)) >= distinct) {
    return law(
      0,
      Math.round(least(distinct, mostValues, (values) => seen(law(0, Math.round(values))) >= distinct)),
    );
  }
  const shift = least(1e-3, 1e12, (candidate) => seen(law(candidate, mostValues)) >= distinct);
  return law(shift, mostValues);
}

/** The least number from `low` to `high` that does, to a relative 1e-4, where all greater ones do as well. */
function least(low: number, high: number, does: (x: number) => boolean): number {
  let from = low;
  let to = high;
  while (to / from > 1 + 1e-4) {
    const middle = Math.sqrt(from * to);
    if (does(middle)) to = middle;
    else from = middle;
  }
  return to;
}
