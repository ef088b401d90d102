// Which stored rows are behind a batch, where every row that is looked up is made of two of a table of quotients and
// remainders: row i of ⌊i/r⌋ and of i mod r. Forward: the pair of each looked-up row; backward: the looked-up rows that
// each stored row is in. It begins with the unique rows of the batch (row-planner.ts), ascending, so their quotients
// ascend as well and nothing is sorted: one pass for quotients, one for remainders.

/** Rows of a table of quotients and, behind them, remainders. */
export interface PairSize {
  readonly quotients: number;
  /** r. */
  readonly remainders: number;
}

/** U looked-up rows, S stored ones. */
export interface PairPlan {
  /** (S), the stored rows, ascending. */
  readonly rows: Uint32Array;
  /** (U, 2), index into `rows` of each looked-up row's quotient and of its remainder. */
  readonly pairs: Uint32Array;
  /** (S + 1), where the members of each stored row start. */
  readonly starts: Uint32Array;
  /** (2·U), the looked-up rows that a stored row is in, grouped by it, ascending. */
  readonly members: Uint32Array;
}

/** The most stored rows behind so many looked-up ones. */
export function mostStoredRows({ quotients, remainders }: PairSize, unique: number): number {
  return Math.min(unique, quotients) + Math.min(unique, remainders);
}

/** Bytes that hold the pairs of up to `unique` rows. */
export function pairPlanBytes(size: PairSize, unique: number): number {
  return 4 * (4 * unique + 2 * mostStoredRows(size, unique) + 1);
}

/** Bytes that a `PairPlanner` holds itself. */
export function pairPlannerBytes({ remainders }: PairSize): number {
  return 8 * remainders;
}

/** Plans pairs; its scratch arrays are reused from batch to batch. */
export class PairPlanner {
  private readonly next: Uint32Array; // (r), first how often a remainder occurs, then where its next member goes
  private readonly index: Uint32Array; // (r), of a remainder that occurs, among the stored rows

  constructor(private readonly size: PairSize) {
    this.next = new Uint32Array(size.remainders);
    this.index = new Uint32Array(size.remainders);
  }

  /** Equals `pairPlannerBytes`. */
  get bytes(): number {
    return this.next.byteLength + this.index.byteLength;
  }

  /**
   * The pairs of a batch.
   *
   * @param unique (U), the rows it looks up, ascending
   * @param out receives the plan: at least `pairPlanBytes` from byte `outOffset`, a multiple of 4
   */
  plan(unique: Uint32Array, out: ArrayBufferLike, outOffset = 0): PairPlan {
    const { next, index } = this;
    const { quotients, remainders } = this.size;
    const U = unique.length;
    const most = mostStoredRows(this.size, U);
    const pairs = new Uint32Array(out, outOffset, 2 * U);
    const members = new Uint32Array(out, outOffset + 8 * U, 2 * U);
    const rows = new Uint32Array(out, outOffset + 16 * U, most);
    const starts = new Uint32Array(out, outOffset + 16 * U + 4 * most, most + 1);

    next.fill(0);
    let stored = 0;
    for (let u = 0; u < U; u++) {
      const quotient = Math.floor(unique[u] / remainders);
      if (stored === 0 || rows[stored - 1] !== quotient) {
        rows[stored] = quotient;
        starts[stored++] = u;
      }
      pairs[2 * u] = stored - 1;
      members[u] = u;
      next[unique[u] - quotient * remainders]++;
    }
    let start = U;
    for (let remainder = 0; remainder < remainders; remainder++) {
      const count = next[remainder];
      if (count === 0) continue;
      rows[stored] = quotients + remainder;
      starts[stored] = start;
      index[remainder] = stored++;
      next[remainder] = start;
      start += count;
    }
    starts[stored] = start;
    for (let u = 0; u < U; u++) {
      const remainder = unique[u] % remainders;
      pairs[2 * u + 1] = index[remainder];
      members[next[remainder]++] = u;
    }
    return { rows: rows.subarray(0, stored), pairs, starts: starts.subarray(0, stored + 1), members };
  }
}
