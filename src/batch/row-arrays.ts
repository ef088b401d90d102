// Rows in memory, as flat arrays: what a window and a batch hold, and how rows go from one to the other. Where no field
// is a bag, a row has F ids and no offsets.

/** What rows have. */
export interface RowsShape {
  readonly rows: number;
  readonly fields: number;
  /** Numeric inputs, N. */
  readonly numbers: number;
  readonly hasBags: boolean;
  readonly hasWeights: boolean;
  readonly hasGroups: boolean;
}

/** See `Batch`. The array of ids of a window with bags grows. */
export interface RowArrays {
  ids: Uint32Array; // (rows, F), or as many as the bags have
  readonly offsets?: Uint32Array; // (rows · F + 1)
  readonly labels: Float32Array; // (rows)
  readonly numbers?: Float32Array; // (rows, N)
  readonly weights?: Float32Array; // (rows)
  readonly groups?: Uint32Array; // (rows)
}

/** Arrays for rows of a shape, with room for so many ids. */
export function allocateRows(
  { rows, fields, numbers, hasBags, hasWeights, hasGroups }: RowsShape,
  ids: number,
  allocate: (sizeBytes: number) => ArrayBufferLike = (sizeBytes) => new ArrayBuffer(sizeBytes),
): RowArrays {
  const floats = (length: number) => new Float32Array(allocate(4 * length), 0, length);
  const uints = (length: number) => new Uint32Array(allocate(4 * length), 0, length);
  return {
    ids: hasBags ? new Uint32Array(ids) : uints(ids),
    ...(hasBags && { offsets: uints(rows * fields + 1) }),
    labels: floats(rows),
    ...(numbers > 0 && { numbers: floats(rows * numbers) }),
    ...(hasWeights && { weights: floats(rows) }),
    ...(hasGroups && { groups: uints(rows) }),
  };
}

/** Ids in these rows, where there are bags. */
export function countIds({ offsets = noOffsets }: RowArrays, fields: number, places: Uint32Array): number {
  let count = 0;
  for (const place of places) count += offsets[(place + 1) * fields] - offsets[place * fields];
  return count;
}

const noOffsets = new Uint32Array(1);

/**
 * Copies rows, in the order of `places`, to row `at` of `to`.
 *
 * @param to its `ids` begin with those of the first row copied; with bags, its offsets up to row `at` are written
 */
export function copyRows(
  from: RowArrays,
  { fields, numbers }: Pick<RowsShape, 'fields' | 'numbers'>,
  places: Uint32Array,
  to: RowArrays,
  at: number,
): void {
  const { labels, weights, groups } = from;
  const count = places.length;
  for (let i = 0; i < count; i++) to.labels[at + i] = labels[places[i]];
  if (from.offsets && to.offsets) copyBagIds(from.ids, from.offsets, fields, places, to.ids, to.offsets, at);
  else copyBlocks(from.ids, fields, places, to.ids, 0);
  if (from.numbers && to.numbers) copyBlocks(from.numbers, numbers, places, to.numbers, at * numbers);
  if (weights && to.weights) for (let i = 0; i < count; i++) to.weights[at + i] = weights[places[i]];
  if (groups && to.groups) for (let i = 0; i < count; i++) to.groups[at + i] = groups[places[i]];
}

function copyBlocks<T extends Uint32Array | Float32Array>(
  from: T,
  width: number,
  places: Uint32Array,
  to: T,
  start: number,
): void {
  const count = places.length;
  for (let i = 0, out = start; i < count; i++) {
    const source = places[i] * width;
    for (let j = 0; j < width; j++) to[out++] = from[source + j];
  }
}

function copyBagIds(
  ids: Uint32Array,
  offsets: Uint32Array,
  fields: number,
  places: Uint32Array,
  toIds: Uint32Array,
  toOffsets: Uint32Array,
  at: number,
): void {
  let out = 0;
  let segment = at * fields;
  let end = toOffsets[segment];
  for (const place of places) {
    const first = place * fields;
    for (let id = offsets[first]; id < offsets[first + fields]; id++) toIds[out++] = ids[id];
    for (let f = 0; f < fields; f++) {
      end += offsets[first + f + 1] - offsets[first + f];
      toOffsets[++segment] = end;
    }
  }
}
