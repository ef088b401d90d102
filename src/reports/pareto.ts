// Which of several variants are worth having: the Pareto frontier of cost (less is better) against value (more is better).

/**
 * The points that no other one beats: none is as cheap and better, or as good and cheaper. By cost, cheapest first;
 * of equal points the first.
 *
 * @example frontier([{ cost: 1, value: 1 }, { cost: 2, value: 1 }, { cost: 3, value: 2 }]) // the first and the last
 */
export function frontier<P extends { readonly cost: number; readonly value: number }>(
  points: readonly P[],
): P[] {
  // A sort is stable, so of equal points the first stays first.
  const sorted = [...points].sort((a, b) => a.cost - b.cost || b.value - a.value);
  const kept: P[] = [];
  let best = Number.NEGATIVE_INFINITY;
  for (const point of sorted) {
    if (point.value <= best) continue;
    best = point.value;
    kept.push(point);
  }
  return kept;
}
