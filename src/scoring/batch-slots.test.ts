// Batches that a team shares out by micro-batches.
import { expect, it } from 'vitest';
import { allocateSlots, BatchSlots } from './batch-slots.js';
import { scoringCut } from './micro-rows.js';

const shape = { batchRows: 5000, fields: 1, bagIds: null, numbers: 0 };
const batch = (rows: number, id: number) => ({
  epoch: 0,
  index: 0,
  rows,
  ids: new Uint32Array(rows).fill(id),
  labels: new Float32Array(rows),
});

it('gives each micro-batch to one thread, and another batch from its beginning', () => {
  const memory = allocateSlots(shape);
  const [owner, one, other] = [new BatchSlots(memory), new BatchSlots(memory), new BatchSlots(memory)];
  for (const rows of [5000, 16, 4999]) {
    const slotted = owner.put(batch(rows, rows));
    const [mine, theirs] = [one.take(slotted), other.take(slotted)];
    const taken = [...[mine.next(), theirs.next()].flatMap(({ value }) => value ?? []), ...mine, ...theirs];
    expect(taken.sort((a, b) => a.firstRow - b.firstRow)).toEqual(scoringCut(rows));
    expect(one.arrays(slotted).ids.subarray(0, rows)).toEqual(batch(rows, rows).ids);
  }
});

it('keeps a batch while the next one is put', () => {
  const slots = new BatchSlots(allocateSlots(shape));
  const [first, second] = [slots.put(batch(20, 1)), slots.put(batch(20, 2))];
  expect([slots.arrays(first).ids[0], slots.arrays(second).ids[0]]).toEqual([1, 2]);
});

it('refuses a batch that is not of its shape', () => {
  const slots = new BatchSlots(allocateSlots({ ...shape, numbers: 2 }));
  expect(() => slots.put(batch(3, 0))).toThrow('without its numbers');
  expect(() => slots.put({ ...batch(3, 0), offsets: Uint32Array.of(0, 1, 2, 3) })).toThrow('offsets');
});
