// The row plan of a batch: its unique table rows ascending, where each occurrence finds its row, and, for the
// backward pass, which occurrences are summed into which row within each micro-batch, and which of these sums make
// up a row's gradient. Integers only; it reads no table. All of it lies in one buffer of the caller's, which may be
// shared: a plan is plain views and can be posted to workers without copying.
//
// Where fields are bags, an occurrence is one id of one bag, a segment is one bag (or the one id of a plain field), and
// what is summed into a row is the gradient of the segment each occurrence is in; a row twice in a bag is summed twice.
//
// The planner (row-planner.ts) sorts (table row, occurrence); what is here makes the plan of the sorted list.

/** The rows of one micro-batch. */
export interface MicroBatchPlan {
  /** (U_m), its unique rows, as ascending indices into the batch's `rows`. */
  readonly local: Uint32Array;
  /** (U_m + 1), where the occurrences of each of them start. */
  readonly starts: Uint32Array;
  /** (ids of the micro-batch), grouped by row: b · F + f with b counted within the micro-batch, ascending. */
  readonly occurrences: Uint32Array;
  /** Where its sums start among those of all micro-batches. */
  readonly firstSum: number;
}

/** How ids become the segments of the batch, where a field is a bag. */
export interface BagPlan {
  /** (B · F + 1), where the occurrences of each segment start. */
  readonly offsets: Uint32Array;
  /** (B · F), what the sum over a segment is divided by: its length for a mean, else 1. */
  readonly divisors: Float32Array;
}

/** See the banner; U is the number of unique rows of the batch. */
export interface RowPlan {
  /** (U), table rows, ascending. */
  readonly rows: Uint32Array;
  /** (ids of the batch: B · F where no field is a bag), index into `rows` of each occurrence. */
  readonly positions: Uint32Array;
  /** Null where no field is a bag. */
  readonly bags: BagPlan | null;
  readonly microBatches: readonly MicroBatchPlan[];
  /** (U + 1), where the micro-batch sums of each row start in the next two. */
  readonly sumStarts: Uint32Array;
  /** (Σ U_m), the micro-batch of each sum; ascending within a row. */
  readonly sumMicroBatches: Uint32Array;
  /** (Σ U_m), where the sum lies: counted from micro-batch · `sumStride`. */
  readonly sumIndices: Uint32Array;
  /** Micro-batches have room for equally many sums; 0 where they have not, because of bags. */
  readonly sumStride: number;
}

/** What a planner makes room for. */
export interface PlanSize {
  /** The most rows of a batch. */
  readonly rows: number;
  readonly fields: number;
  /** The most ids of a batch where a field is a bag, else null. */
  readonly bagIds: number | null;
}

/** The most occurrences of a batch. */
export function mostOccurrences({ rows, fields, bagIds }: PlanSize): number {
  return bagIds ?? rows * fields;
}

/** Bytes that hold the plan of any batch of that size in up to `microBatches` micro-batches. */
export function planBytes(size: PlanSize, microBatches: number): number {
  const ofBags = size.bagIds === null ? 0 : 2 * size.rows * size.fields + 1;
  return 4 * (8 * mostOccurrences(size) + microBatches + 1 + ofBags);
}

/** Sorted occurrences, and how they lie in the batch. */
export interface SortedOccurrences {
  keys: Uint32Array; // (total), ascending
  payloads: Uint32Array; // (total), occurrences, ascending within a key
  total: number;
  /** B · F. */
  segments: number;
  /** Segments of every micro-batch but the last. */
  perMicro: number;
  bags: BagPlan | null;
  /** (total), the segment of each occurrence; null where it is the occurrence itself. */
  segmentOf: Uint32Array | null;
}

/**
 * The plan. Occurrences of a row are in batch order, hence also micro-batch after micro-batch, so one pass over the
 * sorted list writes everything.
 */
export function groupOccurrences(
  { keys, payloads, total, segments, perMicro, bags, segmentOf }: SortedOccurrences,
  out: ArrayBufferLike,
  outOffset: number,
): RowPlan {
  const microNumber = Math.ceil(segments / perMicro);
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
  // Micro-batch m's part starts at its first occurrence; `starts` has one entry more for each.
  const local = take(total);
  const occurrences = take(total);
  const starts = take(total + microNumber);
  const uniqueOf = new Uint32Array(microNumber);
  const occurrencesOf = new Uint32Array(microNumber);
  const firsts = Uint32Array.from({ length: microNumber }, (_, m) =>
    bags ? bags.offsets[m * perMicro] : m * perMicro,
  );

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
      const segment = segmentOf === null ? occurrence : segmentOf[occurrence];
      const m = (segment / perMicro) | 0;
      const first = firsts[m];
      if (m !== current) {
        current = m;
        const index = uniqueOf[m]++;
        local[first + index] = unique;
        starts[first + m + index] = occurrencesOf[m];
        sumMicroBatches[sums] = m;
        sumIndices[sums++] = bags ? first + index : index;
      }
      occurrences[first + occurrencesOf[m]++] = segment - m * perMicro;
    }
    unique++;
  }
  sumStarts[unique] = sums;

  const microBatches = Array.from(uniqueOf, (count, m): MicroBatchPlan => {
    const first = firsts[m];
    starts[first + m + count] = occurrencesOf[m];
    return {
      local: local.subarray(first, first + count),
      starts: starts.subarray(first + m, first + m + count + 1),
      occurrences: occurrences.subarray(first, first + occurrencesOf[m]),
      firstSum: first,
    };
  });
  return {
    rows: rows.subarray(0, unique),
    positions,
    bags,
    microBatches,
    sumStarts: sumStarts.subarray(0, unique + 1),
    sumMicroBatches: sumMicroBatches.subarray(0, sums),
    sumIndices: sumIndices.subarray(0, sums),
    sumStride: bags ? 0 : perMicro,
  };
}
