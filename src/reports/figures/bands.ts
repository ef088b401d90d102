// Curves over seeds as a line and a band: at each x the mean, the least and the most of the values that are there.

export interface BandPoint {
  readonly x: number;
  readonly mean: number;
  readonly low: number;
  readonly high: number;
}

export interface Sample {
  readonly x: number;
  readonly y: number | null | undefined;
}

/** @param curves one for each seed, of any length: a seed that stopped early is missing from there on */
export function bands(curves: readonly (readonly Sample[])[]): BandPoint[] {
  const values = new Map<number, number[]>();
  for (const { x, y } of curves.flat()) {
    if (y === null || y === undefined || !Number.isFinite(y)) continue;
    values.set(x, [...(values.get(x) ?? []), y]);
  }
  return [...values]
    .sort(([a], [b]) => a - b)
    .map(([x, ys]) => ({
      x,
      mean: ys.reduce((sum, y) => sum + y, 0) / ys.length,
      low: Math.min(...ys),
      high: Math.max(...ys),
    }));
}
