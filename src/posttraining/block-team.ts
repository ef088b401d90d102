// Other threads that work on the blocks of a table, while this one reads and writes. Each thread has two lanes: it works on one
// block while the next is being put where it finds it.
import { Team } from '../team/team.js';
import { type BlockLane, laneMemory } from './block-work.js';
import type { BlockMessage, BlockWorkerData } from './block-worker.js';
import type { PreparedTable } from './prepare-table.js';
import { type BlockTeam, type MakeTeam, thisThread } from './quantize-table.js';
import type { RowErrorSums } from './row-errors.js';

/** Between two looks at how far the threads are. */
const LOOK_MS = 100;
const LANES_EACH = 2;

/**
 * Makes teams of so many threads. Results are those of one thread in every bit. A quantizer that has read its table to know more
 * than a row says stays on the thread that made it, which is alone then.
 */
export function blockTeam(threads: number): MakeTeam {
  return async (prepared, blockRows) => {
    const useful = Math.min(threads, Math.ceil(prepared.table.rows / blockRows));
    if (useful <= 1 || prepared.hasReadTable) return thisThread(prepared, blockRows);
    return startTeam(prepared, blockRows, useful);
  };
}

function startTeam(
  { table: { name }, method, layout, format }: PreparedTable,
  blockRows: number,
  threads: number,
): BlockTeam {
  const script = new URL('./block-worker.js', import.meta.url);
  const teams: Team<BlockMessage, RowErrorSums>[] = [];
  const lanes: BlockLane[][] = [];
  for (let thread = 0; thread < threads; thread++) {
    const memories = Array.from({ length: LANES_EACH }, () =>
      laneMemory({ format, layout }, blockRows, true),
    );
    const words = new Int32Array(new SharedArrayBuffer(4 * (1 + LANES_EACH)));
    const data: BlockWorkerData = { name, method, layout, format, lanes: memories, words };
    const team = new Team<BlockMessage, RowErrorSums>(script, 1, () => data);
    teams.push(team);
    lanes.push(
      memories.map((memory, lane) => ({
        ...memory,
        run: (first, rows, onRows, signal) => runThere(team, words, { lane, first, rows }, onRows, signal),
      })),
    );
  }
  return {
    // Blocks go to the threads in turn.
    lanes: Array.from({ length: LANES_EACH }, (_, lane) => lanes.map((own) => own[lane])).flat(),
    close: async () => {
      await Promise.all(teams.map((team) => team.close()));
    },
  };
}

/** One block, by the other thread. */
async function runThere(
  team: Team<BlockMessage, RowErrorSums>,
  words: Int32Array,
  message: BlockMessage,
  onRows: ((rows: number) => void) | undefined,
  signal: AbortSignal | undefined,
): Promise<RowErrorSums> {
  const at = 1 + message.lane;
  Atomics.store(words, at, 0);
  const look = setInterval(() => onRows?.(Atomics.load(words, at)), LOOK_MS);
  const stop = () => Atomics.store(words, 0, 1);
  signal?.addEventListener('abort', stop);
  try {
    const [sums] = await team.call(message);
    return sums;
  } catch (error) {
    // What the thread then says is only that it was stopped.
    signal?.throwIfAborted();
    throw error;
  } finally {
    clearInterval(look);
    signal?.removeEventListener('abort', stop);
  }
}
