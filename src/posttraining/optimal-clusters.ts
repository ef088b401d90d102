// One-dimensional k-means, exactly: a sorted list of n numbers is cut into k runs with the least sum of squared distances
// to their means, by dynamic programming. The best last cut moves right with the end of the list, so a layer is filled
// by divide and conquer (Wu 1991; Wang, Song 2011): O(k n log n) time, O(k n) memory.

/** Clusters lists of up to `mostValues` numbers; its memory is used again by each. */
export class OptimalClusters {
  private readonly sums: Float64Array; // (n + 1), of the first i numbers
  private readonly squares: Float64Array; // (n + 1)
  private readonly layers: [Float64Array, Float64Array]; // (n + 1) each: least cost of the first i, of this layer and the one before
  private readonly cuts: Uint32Array; // (k, n + 1): where the last run of the first i begins

  constructor(
    private readonly mostValues: number,
    private readonly mostClusters: number,
  ) {
    const length = mostValues + 1;
    this.sums = new Float64Array(length);
    this.squares = new Float64Array(length);
    this.layers = [new Float64Array(length), new Float64Array(length)];
    this.cuts = new Uint32Array(mostClusters * length);
  }

  /**
   * @param sorted (n), ascending and finite, n ≥ 1
   * @param centroids receives up to k means, ascending
   * @returns how many: fewer where there are fewer distinct numbers
   */
  cluster(sorted: Float64Array, centroids: Float64Array): number {
    const n = sorted.length;
    if (n > this.mostValues || centroids.length > this.mostClusters) {
      throw new RangeError(`${n} numbers, ${centroids.length} clusters: more than there is room for`);
    }
    let distinct = 1;
    for (let i = 1; i < n; i++) if (sorted[i] !== sorted[i - 1]) distinct++;
    if (distinct <= centroids.length) {
      centroids[0] = sorted[0];
      for (let i = 1, at = 0; i < n; i++) if (sorted[i] !== sorted[i - 1]) centroids[++at] = sorted[i];
      return distinct;
    }
    this.addUp(sorted);
    const k = centroids.length;
    this.fill(n, k);
    const length = this.mostValues + 1;
    for (let layer = k - 1, end = n; layer >= 0; layer--) {
      const first = layer === 0 ? 0 : this.cuts[layer * length + end];
      centroids[layer] = mean(sorted, first, end);
      end = first;
    }
    return k;
  }

  /** Sums of the numbers less their middle one: squares of what is far from zero would leave nothing of the differences. */
  private addUp(sorted: Float64Array): void {
    const { sums, squares } = this;
    const middle = sorted[sorted.length >> 1];
    for (let i = 0; i < sorted.length; i++) {
      const value = sorted[i] - middle;
      sums[i + 1] = sums[i] + value;
      squares[i + 1] = squares[i] + value * value;
    }
  }

  /** Sum of squared distances to their mean of the numbers first … end − 1. */
  private cost(first: number, end: number): number {
    const sum = this.sums[end] - this.sums[first];
    return Math.max(0, this.squares[end] - this.squares[first] - (sum * sum) / (end - first));
  }

  private fill(n: number, k: number): void {
    const length = this.mostValues + 1;
    for (let end = 1; end <= n; end++) this.layers[0][end] = this.cost(0, end);
    for (let layer = 1; layer < k; layer++) {
      const cuts = this.cuts.subarray(layer * length, (layer + 1) * length);
      this.fillRange(layer, layer + 1, n, layer, n - 1, cuts);
      this.layers.reverse();
    }
  }

  /** A layer's costs for ends from `from` to `to`, whose best cuts are between `least` and `most`. */
  private fillRange(
    layer: number,
    from: number,
    to: number,
    least: number,
    most: number,
    cuts: Uint32Array,
  ): void {
    if (from > to) return;
    const [before, now] = this.layers;
    const end = (from + to) >> 1;
    let best = Number.POSITIVE_INFINITY;
    let cut = Math.max(layer, least);
    for (let first = cut; first <= Math.min(end - 1, most); first++) {
      const cost = before[first] + this.cost(first, end);
      if (cost < best) {
        best = cost;
        cut = first;
      }
    }
    now[end] = best;
    cuts[end] = cut;
    this.fillRange(layer, from, end - 1, least, cut, cuts);
    this.fillRange(layer, end + 1, to, cut, most, cuts);
  }
}

function mean(sorted: Float64Array, first: number, end: number): number {
  let sum = 0;
  for (let i = first; i < end; i++) sum += sorted[i] - sorted[first];
  return sorted[first] + sum / (end - first);
}
