import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { tableOf } from '../../test/quantized-rows.js';
import { randomRows, uniforms } from '../../test/random-rows.js';
import { Centroids } from './centroids.js';
import type { RowSource } from './quantizer.js';
import { clusterRows, shareOut } from './row-clusters.js';

const dim = 3;

/** Rows around so many far centers, by turns. */
function scattered(rows: number, centers: number): Float32Array {
  const uniform = uniforms(2);
  return Float32Array.from({ length: rows * dim }, (_, at) => {
    const center = Math.floor(at / dim) % centers;
    return 100 * ((center * (at % dim === 0 ? 1 : at % dim === 1 ? 7 : 13)) % 31) + uniform();
  });
}

/** Mean squared distance of rows to the mean of their cluster. */
function spread(values: Float32Array, assigned: Uint32Array, count: number): number {
  const sums = new Float64Array(count * dim);
  const counts = new Float64Array(count);
  for (const [row, cluster] of assigned.entries()) {
    counts[cluster]++;
    for (let j = 0; j < dim; j++) sums[cluster * dim + j] += values[row * dim + j];
  }
  let total = 0;
  for (const [row, cluster] of assigned.entries()) {
    for (let j = 0; j < dim; j++) {
      total += (values[row * dim + j] - sums[cluster * dim + j] / counts[cluster]) ** 2;
    }
  }
  return total / assigned.length;
}

describe('clusters of rows', () => {
  it('puts rows of far groups into different clusters', async () => {
    const values = scattered(600, 5);
    const { assigned } = await clusterRows(tableOf(values, dim), 25);
    for (let cluster = 0; cluster < 25; cluster++) {
      const groups = new Set(
        [...assigned.keys()].filter((row) => assigned[row] === cluster).map((row) => row % 5),
      );
      expect(groups.size).toBeLessThanOrEqual(1);
    }
  });

  it('has every row with the nearest, and finds it again', async () => {
    const values = randomRows(500, dim);
    const { assigned, nearest } = await clusterRows(tableOf(values, dim), 40);
    for (const [row, cluster] of assigned.entries()) expect(nearest(values, row * dim)).toBe(cluster);
    expect(new Set(assigned).size).toBeGreaterThan(30);
  });

  it('is a tree where clusters are many, hardly worse than one level', async () => {
    const values = randomRows(9000, dim);
    const table = tableOf(values, dim);
    const alone = await clusterRows(table, 1024);
    const tree = await clusterRows(table, 1025);
    for (const [row, cluster] of tree.assigned.entries())
      expect(tree.nearest(values, row * dim)).toBe(cluster);
    expect(new Set(tree.assigned).size).toBeGreaterThan(900);
    const [one, two] = [alone, tree].map(({ assigned, count }) => spread(values, assigned, count));
    expect(two / one).toBeLessThan(1.3);
  });

  it('reads blocks, and gives the same clusters again', async () => {
    const values = randomRows(300, dim);
    let most = 0;
    const table: RowSource = {
      ...tableOf(values, dim),
      async read(first, out) {
        most = Math.max(most, out.length);
        await tableOf(values, dim).read(first, out);
      },
    };
    const first = await clusterRows(table, 20);
    expect([...(await clusterRows(table, 20)).assigned]).toEqual([...first.assigned]);
    expect(most).toBeLessThanOrEqual(2 ** 18);
  });

  it('takes a table of equal rows, and one of as many rows as clusters', async () => {
    const equal = await clusterRows(tableOf(new Float32Array(30 * dim).fill(0.5), dim), 4);
    expect(new Set(equal.assigned).size).toBe(1);
    const values = scattered(12, 12);
    expect(new Set((await clusterRows(tableOf(values, dim), 12)).assigned).size).toBe(12);
  });
});

it('moves centroids to the mean of their rows, and leaves one without any', () => {
  const centroids = new Centroids(2, 2);
  const rows = Float32Array.of(1, 2, 3, 6, 9, 9);
  centroids.place(1, rows, 4);
  for (const at of [0, 2]) centroids.add(centroids.nearest(rows, at, 0, 2), rows, at);
  centroids.move();
  expect([...centroids.values]).toEqual([2, 4, 9, 9]);
  centroids.add(0, rows, 4);
  centroids.move();
  expect([...centroids.values]).toEqual([9, 9, 9, 9]);
});

it('shares clusters out by rows: all of them, to a group at least one and at most its rows', () => {
  fc.assert(
    fc.property(
      fc
        .array(fc.nat({ max: 50 }), { minLength: 1, maxLength: 12 })
        .filter((rows) => rows.some((n) => n > 0)),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (rows, share) => {
        const total = rows.reduce((sum, n) => sum + n, 0);
        const occupied = rows.filter((n) => n > 0).length;
        const count = occupied + Math.floor(share * (total - occupied));
        const firsts = shareOut(count, Float64Array.from(rows));
        expect(firsts[rows.length]).toBe(count);
        for (const [group, n] of rows.entries()) {
          const number = firsts[group + 1] - firsts[group];
          expect(number).toBeLessThanOrEqual(n);
          expect(number).toBeGreaterThanOrEqual(Math.min(n, 1));
        }
      },
    ),
  );
});
