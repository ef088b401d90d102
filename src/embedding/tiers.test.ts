// How a table with hot rows is cut into sections and shards, and that each of its rows has one place.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { adam, adamDefaults } from '../optimizers/adam.js';
import { rowLayout, type Storage } from './layout.js';
import { MAX_SHARD_BYTES, planShards, scratchAt, type TableSpec } from './shard.js';
import { Table } from './table.js';
import { allocateTable } from './table-memory.js';
import { countWritten, readRecords, rowsOfTier, writtenRanges } from './table-records.js';
import { tierRuns } from './tiers.js';

const optimizer = adam.create(adamDefaults);
const storage: Storage = {
  bits: 4,
  tableStep: 0.01,
  hasRowStep: true,
  hot: { bits: 8, tableStep: 0.001 },
};
const DIM = 5;
/** The scratch area of a thread, slack, and room for some forty rows. */
const LEAST_SHARD = 2 ** 17 + 2 ** 16 + 3000;

function specOf(
  sizes: readonly number[],
  hotRows: readonly number[],
  shardBytes = MAX_SHARD_BYTES,
): TableSpec {
  const offsets = [0];
  for (const size of sizes) offsets.push(offsets[offsets.length - 1] + size);
  const layout = rowLayout(DIM, storage, optimizer, optimizer);
  const hot = { rows: hotRows, layout: rowLayout(DIM, { ...storage, bits: 8 }, optimizer, optimizer) };
  const common = { name: 'embedding', number: 0, dim: DIM, seed: 1, deviation: 0.01, threads: 1, shardBytes };
  return { ...common, offsets, storage, layout, hot };
}

const vocabularies = fc.array(
  fc
    .integer({ min: 1, max: 900 })
    .chain((size) => fc.tuple(fc.constant(size), fc.integer({ min: 0, max: size }))),
  { minLength: 1, maxLength: 8 },
);
/** From room for a few rows to all in one. */
const shardBytes = fc.integer({ min: LEAST_SHARD, max: LEAST_SHARD + 100_000 });

describe('a table with hot rows', () => {
  it('is read in any order, a row as often as it is asked for', () => {
    const asked = fc.array(fc.nat({ max: 9999 }), { maxLength: 3000 });
    fc.assert(
      fc.property(vocabularies, shardBytes, asked, (parts, shardBytes, asked) => {
        const spec = specOf(
          parts.map(([size]) => size),
          parts.map(([, hot]) => hot),
          shardBytes,
        );
        const table = new Table(allocateTable(spec), 0);
        const all = new Float32Array(table.rows * DIM);
        table.read(
          Uint32Array.from({ length: table.rows }, (_, row) => row),
          all,
        );
        const rows = Uint32Array.from(asked, (row) => row % table.rows);
        const values = new Float32Array(rows.length * DIM);
        table.read(rows, values);
        const expected = Float32Array.from(
          values,
          (_, i) => all[rows[Math.floor(i / DIM)] * DIM + (i % DIM)],
        );
        expect(values).toEqual(expected);
      }),
      { numRuns: 30 },
    );
  });

  it('has each row in one section, of its tier, within its shard, no two overlapping', () => {
    fc.assert(
      fc.property(vocabularies, shardBytes, (parts, shardBytes) => {
        const [sizes, hotRows] = [parts.map(([size]) => size), parts.map(([, hot]) => hot)];
        const spec = specOf(sizes, hotRows, shardBytes);
        const plans = planShards(spec);
        let next = 0;
        const isHot = sizes.flatMap((size, v) => Array.from({ length: size }, (_, id) => id < hotRows[v]));
        for (const { firstRow, rows, sections, offsets, scratch, pages } of plans) {
          expect(pages * 65536).toBeLessThanOrEqual(shardBytes);
          expect(firstRow).toBe(next);
          expect(rows).toBe(sections.reduce((sum, section) => sum + section.rows, 0));
          let end = 0;
          for (const [i, section] of sections.entries()) {
            expect(section.firstRow).toBe(next);
            expect(section.header).toBeGreaterThanOrEqual(end);
            // The first rows of the vocabularies are behind the first header.
            expect(section.written).toBeGreaterThanOrEqual(
              i === 0 ? offsets + 4 * spec.offsets.length : section.header + 128,
            );
            expect(section.records).toBeGreaterThanOrEqual(section.written + section.rows / 8);
            end = section.records + section.rows * section.layout.recordBytes;
            for (const row of [next, next + section.rows - 1])
              expect(section.tier).toBe(isHot[row] ? 'hot' : 'cold');
            next += section.rows;
          }
          expect(scratch).toBeGreaterThanOrEqual(end);
          expect(scratch + scratchAt(0, DIM).end).toBeLessThanOrEqual(pages * 65536);
        }
        expect(next).toBe(isHot.length);
        for (const { tier, firstRow, rows } of tierRuns(spec)) {
          for (let row = firstRow; row < firstRow + rows; row++) expect(isHot[row]).toBe(tier === 'hot');
        }
      }),
      { numRuns: 40 },
    );
  });

  it('gives the rows that were written, tier by tier', () => {
    const spec = specOf([20, 300, 7], [5, 100, 7], LEAST_SHARD);
    const memory = allocateTable(spec);
    expect(memory.memories.length).toBeGreaterThan(1);
    const table = new Table(memory, 0);
    const rows = Uint32Array.from({ length: 327 }, (_, row) => row).filter((row) => row % 3 !== 0);
    table.touch(rows);
    const [ranges] = [...writtenRanges(memory)];
    const hot = rows.filter((row) => row < 5 || (row >= 20 && row < 120) || row >= 320);
    expect(countWritten(memory)).toEqual({
      rows: rows.length,
      tierRows: { hot: hot.length, cold: rows.length - hot.length },
      ranges: ranges.length / 2,
    });
    expect(rowsOfTier(memory, ranges, 'hot')).toBe(hot.length);
    expect(rowsOfTier(memory, ranges, 'cold')).toBe(rows.length - hot.length);
    const values = new Float32Array(hot.length * DIM);
    table.read(hot, values);
    const codes = [...readRecords(memory, ranges, 'codes', 'hot')].flatMap((bytes) => [...bytes]);
    expect(codes.length).toBe(values.length);
    for (const [i, code] of codes.entries())
      expect(values[i]).toBe(Math.fround(Math.fround(0.001) * (code - 128)));
  });
});
