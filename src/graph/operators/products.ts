// Matrix products; every one of them becomes a single ONNX Gemm, forward and backward.
import { describeShape, type Shape } from '../shape.js';
import type { Rules } from './operator.js';

function matrix(operator: string, name: string, shape: Shape, transposed = false): Shape {
  if (shape.length !== 2) {
    throw new Error(`${operator}: ${name} is ${describeShape(shape)} (allowed: two axes; reshape first).`);
  }
  return transposed ? [shape[1], shape[0]] : shape;
}

function meet(operator: string, left: Shape, right: Shape): void {
  if (left[1] !== right[0]) {
    throw new Error(
      `${operator}: ${describeShape(left)} times ${describeShape(right)} do not meet: ${left[1]} columns against ${right[0]} rows.`,
    );
  }
}

/** out (rows, columns) += left (rows, inner) · right (inner, columns), each read through its own strides. */
function multiplyInto(
  out: Float64Array,
  [rows, inner, columns]: readonly [number, number, number],
  left: (row: number, k: number) => number,
  right: (k: number, column: number) => number,
): void {
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      let sum = 0;
      for (let k = 0; k < inner; k++) sum += left(row, k) * right(k, column);
      out[row * columns + column] += sum;
    }
  }
}

export const products: Rules<'matmul' | 'linear'> = {
  matmul: {
    shape([a, b], { transposeA, transposeB }) {
      const left = matrix('matmul', 'the left matrix', a, transposeA);
      const right = matrix('matmul', 'the right matrix', b, transposeB);
      meet('matmul', left, right);
      if (right[1] === 'B') {
        throw new Error(
          `matmul: the result of ${describeShape(left)} times ${describeShape(right)} has the batch as its columns (B is axis 0 only).`,
        );
      }
      return [left[0], right[1]];
    },
    evaluate([a, b], { transposeA, transposeB }, [rows, columns]) {
      const out = new Float64Array(rows * columns);
      const [widthA, widthB] = [a.shape[1], b.shape[1]];
      multiplyInto(
        out,
        [rows, transposeA ? a.shape[0] : a.shape[1], columns],
        (row, k) => a.data[transposeA ? k * widthA + row : row * widthA + k],
        (k, column) => b.data[transposeB ? column * widthB + k : k * widthB + column],
      );
      return out;
    },
    // With A' and B' for the matrices as they enter the product: dA' = dY·B'ᵀ and dB' = A'ᵀ·dY.
    gradient(g, { inputs: [a, b], attributes: { transposeA, transposeB } }, dOutput, index) {
      if (index === 0) {
        return transposeA
          ? g.matmul(b, dOutput, { transposeA: transposeB, transposeB: true })
          : g.matmul(dOutput, b, { transposeB: !transposeB });
      }
      return transposeB
        ? g.matmul(dOutput, a, { transposeA: true, transposeB: transposeA })
        : g.matmul(a, dOutput, { transposeA: !transposeA });
    },
    emit(writer, inputs, { attributes: { transposeA, transposeB } }, output) {
      writer.node('Gemm', inputs, { transA: Number(transposeA), transB: Number(transposeB) }, output);
    },
  },
  linear: {
    shape([x, weight, bias]) {
      matrix('linear', 'x', x);
      matrix('linear', 'the weight', weight);
      meet('linear', x, weight);
      if (bias.length !== 1 || bias[0] !== weight[1]) {
        throw new Error(
          `linear: the bias is ${describeShape(bias)} beside a weight of ${describeShape(weight)} (allowed: (${weight[1]})).`,
        );
      }
      return [x[0], weight[1]];
    },
    evaluate([x, weight, bias], _, [rows, columns]) {
      const out = Float64Array.from({ length: rows * columns }, (_, i) => bias.data[i % columns]);
      const inner = x.shape[1];
      multiplyInto(
        out,
        [rows, inner, columns],
        (row, k) => x.data[row * inner + k],
        (k, column) => weight.data[k * columns + column],
      );
      return out;
    },
    gradient(g, { inputs: [x, weight, bias] }, dOutput, index) {
      if (index === 0) return g.matmul(dOutput, weight, { transposeB: true });
      if (index === 1) return g.matmul(x, dOutput, { transposeA: true });
      return g.sumTo(dOutput, bias.shape);
    },
    emit: (writer, inputs, _, output) => writer.node('Gemm', inputs, {}, output),
  },
};
