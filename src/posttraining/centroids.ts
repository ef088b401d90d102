// Centroids of k-means over rows: which is the nearest to a row, and the turn that moves each to the mean of its rows.

/** K centroids of width D, in groups that are searched one at a time. */
export class Centroids {
  readonly values: Float32Array; // (K, D)
  private readonly counts: Float64Array; // (K), rows of each since the last move
  private readonly sums: Float64Array; // (K, D)

  constructor(
    readonly count: number,
    private readonly dim: number,
  ) {
    this.values = new Float32Array(count * dim);
    this.counts = new Float64Array(count);
    this.sums = new Float64Array(count * dim);
  }

  /** The nearest to the row rows[at] … of the centroids from `first` to `end` − 1; of equally near ones the first. */
  nearest(rows: Float32Array, at: number, first: number, end: number): number {
    const { values, dim } = this;
    let best = first;
    let least = Number.POSITIVE_INFINITY;
    for (let centroid = first, from = first * dim; centroid < end; centroid++, from += dim) {
      let distance = 0;
      // Most centroids are out of the question after a few elements.
      for (let j = 0; j < dim && distance < least; j++) {
        const difference = rows[at + j] - values[from + j];
        distance += difference * difference;
      }
      if (distance < least) {
        least = distance;
        best = centroid;
      }
    }
    return best;
  }

  /** Sets a centroid to the row rows[at] …. */
  place(centroid: number, rows: Float32Array, at: number): void {
    this.values.set(rows.subarray(at, at + this.dim), centroid * this.dim);
  }

  /** Counts a row for a centroid. */
  add(centroid: number, rows: Float32Array, at: number): void {
    const { sums, counts, dim } = this;
    counts[centroid]++;
    for (let j = 0, to = centroid * dim; j < dim; j++, to++) sums[to] += rows[at + j];
  }

  /** Each to the mean of the rows counted for it; one without any stays. Counting begins again. */
  move(): void {
    const { values, sums, counts, dim } = this;
    for (let centroid = 0; centroid < this.count; centroid++) {
      if (counts[centroid] === 0) continue;
      for (let i = centroid * dim; i < (centroid + 1) * dim; i++) values[i] = sums[i] / counts[centroid];
    }
    sums.fill(0);
    counts.fill(0);
  }
}
