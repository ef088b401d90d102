import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Box, labelBox, labelPlaces } from './label-places.js';

const bounds: Box = { left: 60, top: 20, right: 880, bottom: 380 };

describe('labelPlaces', () => {
  it('never lets two labels overlap, nor one leave the frame or cover a point', () => {
    // Clusters, as methods of one width make them.
    const point = fc.record({
      x: fc.constantFrom(100, 300, 305, 600, 870),
      y: fc.double({ min: 30, max: 370, noNaN: true }),
      width: fc.integer({ min: 20, max: 190 }),
      reach: fc.integer({ min: 0, max: 40 }),
    });
    fc.assert(
      fc.property(fc.array(point, { maxLength: 14 }), (points) => {
        const boxes = labelPlaces(points, bounds).flatMap((place, i) =>
          place ? [labelBox(place, points[i].width)] : [],
        );
        const touch = (a: Box, b: Box) =>
          a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
        boxes.forEach((box, i) => {
          expect(boxes.slice(i + 1).some((other) => touch(box, other))).toBe(false);
          expect(points.some(({ x, y }) => touch(box, { left: x, right: x, top: y, bottom: y }))).toBe(false);
          expect(box.left >= bounds.left && box.right <= bounds.right).toBe(true);
          expect(box.top >= bounds.top && box.bottom <= bounds.bottom).toBe(true);
        });
      }),
    );
  });

  it('writes beside a point that has room, and leads a line where it has not', () => {
    const alone = { x: 300, y: 200, width: 50, reach: 5 };
    expect(labelPlaces([alone], bounds)).toEqual([{ x: 333, y: 200, line: null }]);
    const crowd = labelPlaces(Array(8).fill(alone), bounds);
    expect(crowd.every((place) => place !== null)).toBe(true);
    // Four beside the point, the others further away.
    expect(crowd.map((place) => place?.line === null)).toEqual([
      true,
      true,
      true,
      true,
      false,
      false,
      false,
      false,
    ]);
  });

  it('gives up where there is no room at all', () => {
    expect(labelPlaces([{ x: 300, y: 200, width: 5000, reach: 5 }], bounds)).toEqual([null]);
  });
});
