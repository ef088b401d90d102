// The row plan of a batch: its unique table rows ascending, where each occurrence finds its row, and, for the
// backward pass, which occurrences are summed into which row within each micro-batch, and which of these sums make
// up a row's gradient. Integers only; it reads no table. All of it lies in one buffer of the caller's, which may be
// shared: a plan is plain views and can be posted to workers without copying.
//
// A stable LSD radix sort of (table row, occurrence) leaves the occurrences of a row in batch order, hence also
// micro-batch after micro-batch, so one pass over the sorted list writes everything else.

/** The rows of one micro-batch. */
export interface MicroBatchPlan {
  /** (U_m), its unique rows, as ascending indices into the batch's `rows`. */
  readonly local: Uint32Array;
  /** (U_m + 1), where the occurrences of each of them start. */
  readonly starts: Uint32Array;
  /** (rows of the micro-batch · F), grouped by row: b · F + f with b counted within the micro-batch, ascending. */
  readonly occurrences: Uint32Array;
}

/** See the banner; U is the number of unique rows of the batch. */
export interface RowPlan {
  /** (U), table rows, ascending. */
  readonly rows: Uint32Array;
  /** (B, F), index into `rows` of each occurrence. */
  readonly positions: Uint32Array;
  readonly microBatches: readonly MicroBatchPlan[];
  /** (U + 1), where the micro-batch sums of each row start in the next two. */
  readonly sumStarts: Uint32Array;
  /** (Σ U_m), the micro-batch of each sum; ascending within a row. */
  readonly sumMicroBatches: Uint32Array;
  /** (Σ U_m), the sum's index in that micro-batch's `local`. */
  readonly sumIndices: Uint32Array;
}

/** Bytes that hold the plan of any batch of up to `maxRows` rows in up to `microBatches` micro-batches. */
export function planBytes(maxRows: number, fields: number, microBatches: number): number {
  return 4 * (8 * maxRows * fields + microBatches + 1);
}

/** Bytes that a `RowPlanner` holds itself. */
export function rowPlannerBytes(maxRows: number, fields: number): number {
  return 4 * (4 * maxRows * fields + 3 * RADIX);
}

/** Digits of the radix sort; two of them cover tables of 4 M rows, three every table. */
const DIGIT_BITS = 11;
const RADIX = 1 << DIGIT_BITS;

/** Makes row plans; its scratch arrays are reused from batch to batch. */
export class RowPlanner {
  private readonly keys: readonly [Uint32Array, Uint32Array]; // (maxRows · F) each
  private readonly payloads: readonly [Uint32Array, Uint32Array]; // (maxRows · F) each
  private readonly counts = new Uint32Array(3 * RADIX);

  /**
   * @param offsets (F), per field the first table row of its vocabulary
   * @param columns (F), the fields' columns in the batch; by default all, in order
   * @param batchFields columns of the batch
   */
  constructor(
    maxRows: number,
    private readonly offsets: Uint32Array,
    private readonly columns: Uint32Array = Uint32Array.from(offsets, (_, field) => field),
    private readonly batchFields: number = offsets.length,
  ) {
    const occurrences = maxRows * offsets.length;
    this.keys = [new Uint32Array(occurrences), new Uint32Array(occurrences)];
    this.payloads = [new Uint32Array(occurrences), new Uint32Array(occurrences)];
  }

  /**
   * The plan of one batch.
   *
   * @param ids (rows, columns of the batch), local to each field's vocabulary
   * @param microRows rows of every micro-batch but the last (micro-batches.ts)
   * @param out receives the plan: at least `planBytes` from byte `outOffset`, a multiple of 4
   */
  plan(ids: Uint32Array, rows: number, microRows: number, out: ArrayBufferLike, outOffset = 0): RowPlan {
    const F = this.offsets.length;
    const total = rows * F;
    if (total > this.keys[0].length)
      throw new RangeError(`${rows} rows are more than the planner was made for`);
    const sorted = this.sort(ids, rows);
    return group(this.keys[sorted], this.payloads[sorted], total, F, microRows, out, outOffset);
  }

  /** Bytes of the scratch arrays: equals `rowPlannerBytes`. */
  get bytes(): number {
    return [...this.keys, ...this.payloads, this.counts].reduce((sum, { byteLength }) => sum + byteLength, 0);
  }

  /** Sorts (table row, occurrence) and says in which of the two pairs of arrays the result lies. */
  private sort(ids: Uint32Array, rows: number): 0 | 1 {
    const { offsets, columns, batchFields, counts } = this;
    const F = offsets.length;
    const total = rows * F;
    counts.fill(0);
    const keys = this.keys[0];
    let largest = 0;
    for (let b = 0, at = 0; b < rows; b++) {
      for (let f = 0; f < F; f++, at++) {
        const key = (offsets[f] + ids[b * batchFields + columns[f]]) >>> 0;
        keys[at] = key;
        if (key > largest) largest = key;
        counts[key & (RADIX - 1)]++;
        counts[RADIX + ((key >>> DIGIT_BITS) & (RADIX - 1))]++;
        counts[2 * RADIX + (key >>> (2 * DIGIT_BITS))]++;
      }
    }
    const payloads = this.payloads[0];
    for (let at = 0; at < total; at++) payloads[at] = at;

    const passes = largest >= RADIX * RADIX ? 3 : largest >= RADIX ? 2 : 1;
    for (let pass = 0; pass < passes; pass++) {
      const from = pass & 1;
      const digitCounts = counts.subarray(pass * RADIX, (pass + 1) * RADIX);
      scatter(this.keys[from], this.payloads[from], total, pass * DIGIT_BITS, digitCounts, {
        keys: this.keys[1 - from],
        payloads: this.payloads[1 - from],
      });
    }
    return passes === 2 ? 0 : 1;
  }
}

/** One pass of the radix sort. `counts` becomes the places where the digits' runs end. */
function scatter(
  keys: Uint32Array,
  payloads: Uint32Array,
  total: number,
  shift: number,
  counts: Uint32Array, // (RADIX)
  out: { keys: Uint32Array; payloads: Uint32Array },
): void {
  let sum = 0;
  for (let digit = 0; digit < RADIX; digit++) {
    const count = counts[digit];
    counts[digit] = sum;
    sum += count;
  }
  const { keys: outKeys, payloads: outPayloads } = out;
  for (let at = 0; at < total; at++) {
    const key = keys[at];
    const place = counts[(key >>> shift) & (RADIX - 1)]++;
    outKeys[place] = key;
    outPayloads[place] = payloads[at];
  }
}

/** The pass over the sorted occurrences. */
function group(
  keys: Uint32Array, // (total), ascending
  payloads: Uint32Array, // (total), occurrences, ascending within a key
  total: number,
  F: number,
  microRows: number,
  out: ArrayBufferLike,
  outOffset: number,
): RowPlan {
  const perMicro = microRows * F;
  const microNumber = Math.ceil(total / perMicro);
  let offset = outOffset;
  const take = (length: number): Uint32Array => {
    const view = new Uint32Array(out, offset, length);
    offset += 4 * length;
    return view;
  };
  const rows = take(total);
  const positions = take(total);
  const sumStarts = take(total + 1);
  const sumMicroBatches = take(total);
  const sumIndices = take(total);
  // Micro-batch m's part starts at m · perMicro; `starts` has one entry more for each.
  const local = take(total);
  const occurrences = take(total);
  const starts = take(total + microNumber);
  const uniqueOf = new Uint32Array(microNumber);
  const occurrencesOf = new Uint32Array(microNumber);

  let unique = 0;
  let sums = 0;
  for (let at = 0; at < total; ) {
    const key = keys[at];
    rows[unique] = key;
    sumStarts[unique] = sums;
    let current = -1;
    for (; at < total && keys[at] === key; at++) {
      const occurrence = payloads[at];
      positions[occurrence] = unique;
      const m = (occurrence / perMicro) | 0;
      const first = m * perMicro;
      if (m !== current) {
        current = m;
        const index = uniqueOf[m]++;
        local[first + index] = unique;
        starts[first + m + index] = occurrencesOf[m];
        sumMicroBatches[sums] = m;
        sumIndices[sums++] = index;
      }
      occurrences[first + occurrencesOf[m]++] = occurrence - first;
    }
    unique++;
  }
  sumStarts[unique] = sums;

  const microBatches = Array.from(uniqueOf, (count, m): MicroBatchPlan => {
    const first = m * perMicro;
    starts[first + m + count] = occurrencesOf[m];
    return {
      local: local.subarray(first, first + count),
      starts: starts.subarray(first + m, first + m + count + 1),
      occurrences: occurrences.subarray(first, first + occurrencesOf[m]),
    };
  });
  return {
    rows: rows.subarray(0, unique),
    positions,
    microBatches,
    sumStarts: sumStarts.subarray(0, unique + 1),
    sumMicroBatches: sumMicroBatches.subarray(0, sums),
    sumIndices: sumIndices.subarray(0, sums),
  };
}
