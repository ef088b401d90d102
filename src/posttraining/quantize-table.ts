// The engine: rows of a table, block by block, through a quantizer and a layout to wherever they go. Memory is that of a few
// blocks, however long the table. Rows are read ahead while others are worked on, and handed on in their order; results do not
// depend on the size of blocks or on who works on them.
import type { TensorArray } from '../formats/safetensors-reader.js';
import { type BlockLane, blockLane, blockRowsOf, blockWork, laneMemory } from './block-work.js';
import { entriesPerRow, type LayoutPart } from './layouts/layout.js';
import { layouts } from './layouts/registry.js';
import { type PreparedTable, tableArrays } from './prepare-table.js';
import { addRowErrors, noRows, type RowErrorSums } from './row-errors.js';

/** Takes the arrays of a stored table, each in chunks from its beginning to its end. */
export interface TableSink {
  /** The chunk is free again when the promise resolves. */
  write(part: LayoutPart, chunk: TensorArray): Promise<void>;
}

/** Who works on the blocks of a table. */
export interface BlockTeam {
  /** Blocks are given to them in turn; two for each thread let reading and writing go on meanwhile. */
  readonly lanes: readonly BlockLane[];
  close(): Promise<void>;
}

/** Makes a team for a table, whose lanes hold `blockRows` rows. */
export type MakeTeam = (prepared: PreparedTable, blockRows: number) => Promise<BlockTeam>;

export interface QuantizeTableOptions {
  /** Called with the rows that are done. */
  onProgress?: ((rows: number) => void) | undefined;
  signal?: AbortSignal | undefined;
  /** By default this thread does the work. */
  team?: MakeTeam | undefined;
}

/**
 * Quantizes all rows of a table into `sink`.
 *
 * @returns sums of the errors of its rows
 * @throws UserError for a row that cannot be quantized, naming table, row and column; whatever the source or the sink throw
 */
export async function quantizeTable(
  prepared: PreparedTable,
  sink: TableSink,
  { onProgress, signal, team = thisThread }: QuantizeTableOptions = {},
): Promise<RowErrorSums> {
  const { table, layout, format } = prepared;
  const { rows, dim } = table;
  const rowParts = layouts[layout].rowParts(format);
  const size = Math.min(rows, blockRowsOf(dim));
  const sums = noRows();
  const { lanes, close } = await team(prepared, size);

  let reported = 0;
  const report = (done: number) => {
    // Several lanes are part of the way at once: what they say goes up and down.
    if (done <= reported) return;
    reported = done;
    onProgress?.(done);
  };

  const work = async (lane: BlockLane, first: number, before: Promise<void>): Promise<void> => {
    const count = Math.min(size, rows - first);
    await table.read(first, lane.values.subarray(0, count * dim));
    signal?.throwIfAborted();
    const errors = await lane.run(first, count, (done) => report(sums.rows + done), signal);
    await before;
    for (const [i, part] of rowParts.entries()) {
      await sink.write(part, lane.parts[i].subarray(0, count * entriesPerRow(part)));
    }
    addRowErrors(sums, errors);
    report(sums.rows);
  };

  // The last promise of each lane, and of the block before. A failure is thrown where it is awaited, in the order of blocks.
  const busy: Promise<void>[] = lanes.map(() => Promise.resolve());
  let before: Promise<void> = Promise.resolve();
  try {
    for (let first = 0, turn = 0; first < rows; first += size, turn = (turn + 1) % lanes.length) {
      await busy[turn];
      before = work(lanes[turn], first, before);
      before.catch(() => {});
      busy[turn] = before;
    }
    await before;
    const tableParts = layouts[layout].tableParts(format);
    for (const [i, array] of tableArrays(prepared).entries()) await sink.write(tableParts[i], array);
    return sums;
  } finally {
    await Promise.allSettled(busy);
    await close();
  }
}

/** Two lanes, so that rows are read and written while others are worked on. */
export const thisThread: MakeTeam = async (prepared, blockRows) => {
  const work = await blockWork(prepared);
  const lanes = [1, 2].map(() => blockLane(work, laneMemory(work, blockRows)));
  return { lanes, close: async () => {} };
};
