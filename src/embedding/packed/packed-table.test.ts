// Packed rows that lie in many small memories, in parts and in two groups: every row is where it belongs, in any order.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { wasmKernels } from '../../kernels/load.js';
import { referenceKernels } from '../../kernels/reference.js';
import { packCodes, packedBytes } from '../../quantization/packing.js';
import { type PackedTableInfo, packedTableBytes, rowBytes } from './packed-format.js';
import { allocatePacked, type PackedPart, planPacked } from './packed-memory.js';
import { PackedTable } from './packed-table.js';

const DIM = 5;

/** Rows 0 … by turns of 7 of four bits with a step each and 3 of fp32: row r's values are r, r + 1, … times 1/2. */
function build(rows: number, partRows: number, memoryBytes: number) {
  const runs: PackedTableInfo['runs'][number][] = [];
  const counts = [0, 0];
  for (let first = 0; first < rows; ) {
    const group = runs.length % 2;
    const length = Math.min(group === 0 ? 7 : 3, rows - first);
    runs.push({ firstRow: first, rows: length, group });
    counts[group] += length;
    first += length;
  }
  const info: PackedTableInfo = {
    name: 't',
    rows,
    dim: DIM,
    groups: [
      {
        rows: counts[0],
        format: { kind: 'steps', bits: 4, tableStep: null, stepBytes: 4, isAffine: false },
      },
      { rows: counts[1], format: { kind: 'values' } },
    ],
    runs,
  };
  const parts: PackedPart[] = counts.flatMap((count, group) =>
    Array.from({ length: Math.ceil(count / partRows) }, (_, i) => ({
      group,
      first: i * partRows,
      rows: Math.min(partRows, count - i * partRows),
    })),
  );
  const memory = allocatePacked(info, planPacked(info, parts, 2, memoryBytes));
  const next = [0, 0];
  for (const run of runs) {
    for (let row = run.firstRow; row < run.firstRow + run.rows; row++) {
      const local = next[run.group]++;
      const place = memory.places.find(
        ({ group, first, rows: count }) => group === run.group && local >= first && local < first + count,
      );
      if (!place) throw new Error(`row ${row} has no place`);
      const { buffer } = memory.memories[place.memory];
      const at = place.arrays[0] + (local - place.first) * rowBytes(info.groups[run.group].format, DIM);
      if (run.group === 1) {
        for (let j = 0; j < DIM; j++) new DataView(buffer).setFloat32(at + 4 * j, row + j, true);
      } else {
        const codes = Array.from({ length: DIM }, (_, j) => ((row + j) % 16) - 8);
        packCodes(codes, 4, new Uint8Array(buffer), at);
        new DataView(buffer).setFloat32(at + packedBytes(DIM, 4), 1 + row, true);
      }
    }
  }
  return { memory, info };
}

function expected(row: number): number[] {
  const isValue = row % 10 >= 7;
  return Array.from({ length: DIM }, (_, j) => (isValue ? row + j : (1 + row) * (((row + j) % 16) - 8)));
}

it('finds every row, whatever the parts, the memories and the order', () => {
  const sizes = fc.record({
    rows: fc.integer({ min: 1, max: 4000 }),
    partRows: fc.integer({ min: 100, max: 900 }),
    memoryBytes: fc.constantFrom(140_000, 160_000, 2 ** 24),
    thread: fc.constantFrom(0, 1),
    kernels: fc.constantFrom(referenceKernels, wasmKernels),
  });
  fc.assert(
    fc.property(
      sizes,
      fc.array(fc.nat(), { maxLength: 1500 }),
      ({ rows, partRows, memoryBytes, thread, kernels }, drawn) => {
        const { memory, info } = build(rows, partRows, memoryBytes);
        const table = new PackedTable(memory, thread, kernels);
        const list = Uint32Array.from(drawn, (row) => row % rows);
        const values = new Float32Array(list.length * DIM);
        table.read(list, values);
        expect([...values]).toEqual([...list].flatMap(expected));
        const steps = new Float32Array(list.length);
        table.readSteps(list, steps);
        expect([...steps]).toEqual([...list].map((row) => (row % 10 >= 7 ? 1 : 1 + row)));
        table.readBiases(list, steps);
        expect(steps.every((bias) => bias === 0)).toBe(true);
        expect(packedTableBytes(info)).toBe(info.groups[0].rows * 7 + info.groups[1].rows * 20);
      },
    ),
    { numRuns: 40 },
  );
});

it('uses as many memories as it needs, and says when none is large enough', () => {
  expect(build(4000, 500, 140_000).memory.memories.length).toBeGreaterThan(1);
  expect(build(4000, 500, 2 ** 24).memory.memories).toHaveLength(1);
  expect(() => build(4000, 3000, 120_000)).toThrow(/fit no memory/);
});
