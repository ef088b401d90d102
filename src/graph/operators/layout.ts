// Operators that move elements and compute nothing. Slices, padding and concatenation are along the last axis.
import { checkShape, describeShape, elementCount, type Shape, sameShape } from '../shape.js';
import type { Rules } from './operator.js';

/** The size of the last axis, which has to be a number. */
function columns(operator: string, shape: Shape): number {
  const last = shape.at(-1);
  if (last === undefined || last === 'B') {
    throw new Error(
      `${operator}: ${describeShape(shape)} has no columns (the last axis has to be a number).`,
    );
  }
  return last;
}

export const layout: Rules<'reshape' | 'slice' | 'pad' | 'concat'> = {
  reshape: {
    shape([x], { shape }) {
      checkShape('reshape', shape);
      if ((x[0] === 'B') !== (shape[0] === 'B') || elementCount(x) !== elementCount(shape)) {
        throw new Error(
          `reshape: ${describeShape(x)} cannot become ${describeShape(shape)} (as many elements, and the batch stays axis 0).`,
        );
      }
      return shape;
    },
    evaluate: ([x]) => Float64Array.from(x.data),
    gradient: (g, { inputs: [x] }, dOutput) => g.reshape(dOutput, x.shape),
    emit(writer, [x], { shape }, output) {
      const sizes = shape.map((dimension) => (dimension === 'B' ? -1 : dimension));
      writer.node('Reshape', [x, writer.integers(sizes)], {}, output);
    },
  },
  slice: {
    shape([x], { start, end }) {
      const width = columns('slice', x);
      if (!Number.isInteger(start) || !Number.isInteger(end) || start < 0 || end <= start || end > width) {
        throw new Error(
          `slice: columns ${start} to ${end} of ${describeShape(x)} (allowed: 0 <= start < end <= ${width}).`,
        );
      }
      return [...x.slice(0, -1), end - start];
    },
    evaluate([x], { start, end }) {
      const width = x.shape[x.shape.length - 1];
      return x.data.filter((_, i) => i % width >= start && i % width < end);
    },
    gradient(g, { inputs: [x], attributes: { start, end } }, dOutput) {
      return g.pad(dOutput, start, columns('slice', x.shape) - end);
    },
    emit(writer, [x], { attributes: { start, end }, shape }, output) {
      const bounds = [[start], [end], [shape.length - 1]].map((values) => writer.integers(values));
      writer.node('Slice', [x, ...bounds], {}, output);
    },
  },
  pad: {
    shape([x], { before, after }) {
      if (!Number.isInteger(before) || !Number.isInteger(after) || before < 0 || after < 0) {
        throw new Error(`pad: ${before} columns before and ${after} after (allowed: whole numbers from 0).`);
      }
      return [...x.slice(0, -1), before + columns('pad', x) + after];
    },
    evaluate([x], { before }, shape) {
      const out = new Float64Array(elementCount(shape));
      const width = x.shape[x.shape.length - 1];
      const outWidth = shape[shape.length - 1];
      x.data.forEach((value, i) => {
        out[Math.floor(i / width) * outWidth + before + (i % width)] = value;
      });
      return out;
    },
    gradient(g, { inputs: [x], attributes: { before } }, dOutput) {
      return g.slice(dOutput, before, before + columns('pad', x.shape));
    },
    emit(writer, [x], { attributes: { before, after }, shape }, output) {
      const untouched = shape.slice(1).map(() => 0);
      writer.node('Pad', [x, writer.integers([...untouched, before, ...untouched, after])], {}, output);
    },
  },
  concat: {
    shape(inputs) {
      const rows = inputs[0].slice(0, -1);
      for (const shape of inputs) {
        if (!sameShape(shape.slice(0, -1), rows)) {
          throw new Error(
            `concat: ${inputs.map(describeShape).join(', ')} do not stand side by side (equal but for the last axis).`,
          );
        }
      }
      return [...rows, inputs.reduce((width, shape) => width + columns('concat', shape), 0)];
    },
    evaluate(inputs, _, shape) {
      const width = shape[shape.length - 1];
      const out = new Float64Array(elementCount(shape));
      let before = 0;
      for (const { data, shape: own } of inputs) {
        const ownWidth = own[own.length - 1];
        data.forEach((value, i) => {
          out[Math.floor(i / ownWidth) * width + before + (i % ownWidth)] = value;
        });
        before += ownWidth;
      }
      return out;
    },
    gradient(g, { inputs }, dOutput, index) {
      const widths = inputs.map(({ shape }) => columns('concat', shape));
      const start = widths.slice(0, index).reduce((sum, width) => sum + width, 0);
      return g.slice(dOutput, start, start + widths[index]);
    },
    emit: (writer, inputs, _, output) => writer.node('Concat', inputs, { axis: -1 }, output),
  },
};
