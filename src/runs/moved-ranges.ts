// Where rows lie after vocabularies grew. A row is its vocabulary's first row + id, and an id keeps its meaning, so
// rows move by as much as the vocabularies before theirs grew. Their order stays.

/**
 * Ranges of rows, as pairs (first row, number of rows), from one table to another with larger vocabularies.
 *
 * @param from first row of each vocabulary, then V, of the table the ranges are of
 * @param to the same of the table they are wanted for
 */
export function movedRanges(
  ranges: Uint32Array,
  from: readonly number[],
  to: readonly number[],
): Uint32Array {
  const moved: number[] = [];
  let vocabulary = 0;
  for (let r = 0; r < ranges.length; r += 2) {
    const end = ranges[r] + ranges[r + 1];
    for (let row = ranges[r]; row < end; ) {
      while (row >= from[vocabulary + 1]) vocabulary++;
      const count = Math.min(end, from[vocabulary + 1]) - row;
      moved.push(row - from[vocabulary] + to[vocabulary], count);
      row += count;
    }
  }
  return Uint32Array.from(moved);
}
