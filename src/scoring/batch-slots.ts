// The batches of a team that scores: one in work, and one that is filled meanwhile. Threads share a batch out by its
// micro-batches: whoever is ready takes the next one, and who finds none left goes on to the next batch.
import type { MicroBatch } from '../batch/micro-batches.js';
import type { Batch } from '../batch/reader.js';
import {
  allocateBatch,
  type BatchArrays,
  type BatchShape,
  batchArrays,
  batchBytes,
  copyBatch,
} from './batch-memory.js';
import { scoringCut } from './micro-rows.js';

const SLOTS = 2;

/** May be sent to a worker. */
export interface SlotMemory {
  shape: BatchShape;
  batches: SharedArrayBuffer[];
  /** Per slot, how many of its micro-batches were taken. */
  taken: SharedArrayBuffer;
}

/** A batch that is in a slot. */
export interface SlottedBatch {
  slot: number;
  rows: number;
}

/** Bytes of the slots' memory. */
export function slotsBytes(shape: BatchShape): number {
  return SLOTS * (batchBytes(shape) + Int32Array.BYTES_PER_ELEMENT);
}

/** Allocates the slots' memory. */
export function allocateSlots(shape: BatchShape): SlotMemory {
  return {
    shape,
    batches: Array.from({ length: SLOTS }, () => allocateBatch(shape)),
    taken: new SharedArrayBuffer(SLOTS * Int32Array.BYTES_PER_ELEMENT),
  };
}

/** One thread's view of the slots. */
export class BatchSlots {
  readonly shape: BatchShape;
  private readonly batches: readonly BatchArrays[];
  private readonly taken: Int32Array;
  private next = 0;

  constructor({ shape, batches, taken }: SlotMemory) {
    this.shape = shape;
    this.batches = batches.map((memory) => batchArrays(shape, memory));
    this.taken = new Int32Array(taken);
  }

  arrays({ slot }: SlottedBatch): BatchArrays {
    return this.batches[slot];
  }

  /** Copies a batch into the next slot, which must be free: no more than two batches can be with the team. */
  put(batch: Batch): SlottedBatch {
    const slot = this.next;
    this.next = (slot + 1) % SLOTS;
    copyBatch(batch, this.batches[slot]);
    Atomics.store(this.taken, slot, 0);
    return { slot, rows: batch.rows };
  }

  /** The micro-batches of a batch that this thread gets to. Each is had by one thread. */
  *take({ slot, rows }: SlottedBatch): Generator<MicroBatch> {
    const cut = scoringCut(rows);
    for (;;) {
      const index = Atomics.add(this.taken, slot, 1);
      if (index >= cut.length) return;
      yield cut[index];
    }
  }
}
