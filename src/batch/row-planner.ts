// Makes row plans (plan.ts): a stable LSD radix sort of (table row, occurrence), which leaves the occurrences of a row in
// batch order. With bags an occurrence is one id of one bag, and its segment is looked up.
import { type BagPlan, groupOccurrences, mostOccurrences, type PlanSize, type RowPlan } from './plan.js';

/** Bytes that a `RowPlanner` holds itself. */
export function rowPlannerBytes(size: PlanSize): number {
  return 4 * ((size.bagIds === null ? 4 : 5) * mostOccurrences(size) + 3 * RADIX);
}

/** Digits of the radix sort; two of them cover tables of 4 M rows, three every table. */
const DIGIT_BITS = 11;
const RADIX = 1 << DIGIT_BITS;

/** Makes row plans; its scratch arrays are reused from batch to batch. */
export class RowPlanner {
  private readonly keys: readonly [Uint32Array, Uint32Array]; // (most occurrences) each
  private readonly payloads: readonly [Uint32Array, Uint32Array]; // (most occurrences) each
  private readonly segments: Uint32Array; // (most occurrences) with bags: the segment of each
  private readonly counts = new Uint32Array(3 * RADIX);

  /**
   * @param offsets (F), per field the first table row of its vocabulary
   * @param bags where a field is a bag: the most ids of a batch, and per field whether its bags are a mean
   * @param columns (F), the fields' columns in the batch; by default all, in order
   * @param batchFields columns of the batch
   */
  constructor(
    maxRows: number,
    private readonly offsets: Uint32Array,
    private readonly bags: { mostIds: number; isMean: readonly boolean[] } | null = null,
    private readonly columns: Uint32Array = Uint32Array.from(offsets, (_, field) => field),
    private readonly batchFields: number = offsets.length,
  ) {
    const fields = offsets.length;
    const occurrences = mostOccurrences({ rows: maxRows, fields, bagIds: bags?.mostIds ?? null });
    this.keys = [new Uint32Array(occurrences), new Uint32Array(occurrences)];
    this.payloads = [new Uint32Array(occurrences), new Uint32Array(occurrences)];
    this.segments = new Uint32Array(bags ? occurrences : 0);
  }

  /**
   * The plan of one batch.
   *
   * @param ids (rows, columns of the batch), local to each field's vocabulary
   * @param microRows rows of every micro-batch but the last (micro-batches.ts)
   * @param out receives the plan: at least `planBytes` from byte `outOffset`, a multiple of 4
   * @param idOffsets with bags: (rows · columns of the batch + 1), where the ids of each segment start
   */
  plan(
    ids: Uint32Array,
    rows: number,
    microRows: number,
    out: ArrayBufferLike,
    outOffset = 0,
    idOffsets?: Uint32Array,
  ): RowPlan {
    const segments = rows * this.offsets.length;
    const perMicro = microRows * this.offsets.length;
    if ((this.bags === null) !== (idOffsets === undefined)) {
      throw new RangeError('ids come with offsets where a field is a bag, and only there');
    }
    if (this.bags === null || idOffsets === undefined) {
      if (segments > this.keys[0].length)
        throw new RangeError(`${rows} rows are more than the planner was made for`);
      const sorted = this.sort(ids, rows);
      const lists = { keys: this.keys[sorted], payloads: this.payloads[sorted], total: segments };
      return groupOccurrences({ ...lists, segments, perMicro, bags: null, segmentOf: null }, out, outOffset);
    }
    const bags: BagPlan = {
      offsets: new Uint32Array(out, outOffset, segments + 1),
      divisors: new Float32Array(out, outOffset + 4 * (segments + 1), segments),
    };
    const total = this.placeBags(rows, idOffsets, bags, this.bags.isMean);
    const sorted = this.sortBags(ids, rows, idOffsets, total);
    const lists = { keys: this.keys[sorted], payloads: this.payloads[sorted], total };
    const next = outOffset + 4 * (2 * segments + 1);
    return groupOccurrences({ ...lists, segments, perMicro, bags, segmentOf: this.segments }, out, next);
  }

  /** Bytes of the scratch arrays: equals `rowPlannerBytes`. */
  get bytes(): number {
    const arrays = [...this.keys, ...this.payloads, this.segments, this.counts];
    return arrays.reduce((sum, { byteLength }) => sum + byteLength, 0);
  }

  /** Writes offsets and divisors of the segments. @returns the number of occurrences */
  private placeBags(
    rows: number,
    idOffsets: Uint32Array,
    { offsets, divisors }: BagPlan,
    isMean: readonly boolean[],
  ): number {
    const { columns, batchFields } = this;
    const F = this.offsets.length;
    let total = 0;
    for (let b = 0, segment = 0; b < rows; b++) {
      for (let f = 0; f < F; f++, segment++) {
        const at = b * batchFields + columns[f];
        const length = idOffsets[at + 1] - idOffsets[at];
        offsets[segment] = total;
        divisors[segment] = isMean[f] ? length : 1;
        total += length;
      }
    }
    offsets[rows * F] = total;
    if (total > this.keys[0].length) {
      throw new RangeError(
        `${rows} rows with ${total} ids are more than the planner's ${this.keys[0].length}`,
      );
    }
    return total;
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
    return this.sortKeys(total, largest);
  }

  /** The same where fields are bags; also writes the segment of each occurrence. */
  private sortBags(ids: Uint32Array, rows: number, idOffsets: Uint32Array, total: number): 0 | 1 {
    const { offsets, columns, batchFields, counts, segments } = this;
    const F = offsets.length;
    counts.fill(0);
    const keys = this.keys[0];
    let largest = 0;
    for (let b = 0, segment = 0, at = 0; b < rows; b++) {
      for (let f = 0; f < F; f++, segment++) {
        const column = b * batchFields + columns[f];
        for (let i = idOffsets[column]; i < idOffsets[column + 1]; i++, at++) {
          const key = (offsets[f] + ids[i]) >>> 0;
          keys[at] = key;
          segments[at] = segment;
          if (key > largest) largest = key;
          counts[key & (RADIX - 1)]++;
          counts[RADIX + ((key >>> DIGIT_BITS) & (RADIX - 1))]++;
          counts[2 * RADIX + (key >>> (2 * DIGIT_BITS))]++;
        }
      }
    }
    return this.sortKeys(total, largest);
  }

  /** The passes over keys and their digits' counts, the payload being the place. */
  private sortKeys(total: number, largest: number): 0 | 1 {
    const { counts } = this;
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
