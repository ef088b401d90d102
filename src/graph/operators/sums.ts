// Sums over axes, and their gradient: repeating along them.
import {
  broadcastIndices,
  broadcastShapes,
  describeShape,
  elementCount,
  type Shape,
  sameShape,
} from '../shape.js';
import type { Rules } from './operator.js';

/** The shape with every axis of `axes` reduced to 1. */
function kept<S extends Shape>(shape: S, axes: readonly number[]): (S[number] | 1)[] {
  return shape.map((dimension, axis) => (axes.includes(axis) ? 1 : dimension));
}

export const sums: Rules<'sum' | 'broadcast'> = {
  sum: {
    shape([x], { axes, keep }) {
      if (
        axes.some(
          (axis, at) => !Number.isInteger(axis) || axis < 0 || axis >= x.length || axes.indexOf(axis) !== at,
        )
      ) {
        throw new Error(
          `sum: axes [${axes.join(', ')}] of ${describeShape(x)} (allowed: different ones from 0 to ${x.length - 1}).`,
        );
      }
      return keep ? kept(x, axes) : x.filter((_, axis) => !axes.includes(axis));
    },
    evaluate([x], { axes }, shape) {
      const out = new Float64Array(elementCount(shape));
      const into = broadcastIndices(kept(x.shape, axes), x.shape);
      for (let i = 0; i < into.length; i++) out[into[i]] += x.data[i];
      return out;
    },
    gradient(g, { inputs: [x], attributes: { axes } }, dOutput) {
      return g.broadcast(g.reshape(dOutput, kept(x.shape, axes)), x);
    },
    emit(writer, [x], { attributes: { axes, keep } }, output) {
      writer.node('ReduceSum', [x, writer.integers(axes)], { keepdims: Number(keep) }, output);
    },
  },
  broadcast: {
    shape([x, like]) {
      if (!sameShape(broadcastShapes('broadcast', x, like), like)) {
        throw new Error(`broadcast: ${describeShape(x)} does not repeat to ${describeShape(like)}.`);
      }
      return like;
    },
    evaluate: ([x], _, shape) => Float64Array.from(broadcastIndices(x.shape, shape), (from) => x.data[from]),
    gradient: (g, { inputs: [x] }, dOutput, index) => (index === 0 ? g.sumTo(dOutput, x.shape) : undefined),
    emit(writer, [x, like], _, output) {
      writer.node('Expand', [x, writer.node('Shape', [like])], {}, output);
    },
  },
};
