// Shapes of a graph, known when the model is written. Only the first dimension may be the batch, 'B', whose size
// comes with the feeds of a run; 'B' meets only 'B' or 1, never a number.

/** A size, or the batch, which is known when the graph runs. */
export type Dimension = number | 'B';
export type Shape = readonly Dimension[];

/** A tensor of the float64 interpreter: row-major, `data.length` is the product of `shape`. */
export interface Tensor {
  readonly shape: readonly number[];
  readonly data: Float64Array;
}

/** As errors write it: (B, 16). */
export function describeShape(shape: Shape): string {
  return `(${shape.join(', ')})`;
}

/** Whether all dimensions are equal. */
export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((dimension, axis) => dimension === b[axis]);
}

/** Throws unless every dimension is a whole number from 1, or 'B' in front. */
export function checkShape(owner: string, shape: Shape): void {
  shape.forEach((dimension, axis) => {
    if (dimension === 'B' ? axis !== 0 : !Number.isInteger(dimension) || dimension < 1) {
      throw new Error(
        `${owner}: shape ${describeShape(shape)} has ${dimension} at axis ${axis} (allowed: whole numbers from 1, and B at axis 0 only).`,
      );
    }
  });
}

/** The number as text that no other number has: −0 is not 0. */
export function exactly(value: number): string {
  return Object.is(value, -0) ? '-0' : String(value);
}

/** Number of elements, given the rows of the batch. */
export function elementCount(shape: Shape, batch = 1): number {
  return shape.reduce<number>((count, dimension) => count * (dimension === 'B' ? batch : dimension), 1);
}

/** The shape with `batch` in place of 'B'. */
export function withBatch(shape: Shape, batch: number): number[] {
  return shape.map((dimension) => (dimension === 'B' ? batch : dimension));
}

/** The shape of `a ∘ b` for an elementwise ∘: aligned at the last axis, a dimension of 1 repeats. */
export function broadcastShapes(operator: string, a: Shape, b: Shape): Shape {
  const rank = Math.max(a.length, b.length);
  const shape = Array.from({ length: rank }, (_, axis): Dimension => {
    const left = a[axis - rank + a.length] ?? 1;
    const right = b[axis - rank + b.length] ?? 1;
    if (left !== right && left !== 1 && right !== 1) {
      throw new Error(
        `${operator}: shapes ${describeShape(a)} and ${describeShape(b)} do not meet: ${left} against ${right} at axis ${axis} (equal sizes or 1).`,
      );
    }
    return left === 1 ? right : left;
  });
  if (shape.indexOf('B', 1) > 0) {
    throw new Error(
      `${operator}: shapes ${describeShape(a)} and ${describeShape(b)} do not meet: the batch has to be axis 0 of both.`,
    );
  }
  return shape;
}

/** For each element of a tensor of shape `to`, the flat index of the element of `from` that is broadcast to it. */
export function broadcastIndices(from: readonly number[], to: readonly number[]): Uint32Array {
  const indices = new Uint32Array(elementCount(to));
  for (let flat = 0; flat < indices.length; flat++) {
    let rest = flat;
    let index = 0;
    let stride = 1;
    for (let axis = to.length - 1; axis >= 0; axis--) {
      const coordinate = rest % to[axis];
      rest = Math.floor(rest / to[axis]);
      const size = from[axis - to.length + from.length] ?? 1;
      if (size !== 1) index += coordinate * stride;
      stride *= size;
    }
    indices[flat] = index;
  }
  return indices;
}
