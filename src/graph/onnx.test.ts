import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { differentiate } from './differentiate.js';
import { Graph } from './graph.js';
import { interpret } from './interpret.js';
import { onnxModel, toOnnx } from './onnx.js';
import { createSession } from './session.js';

function network() {
  const g = new Graph();
  const x = g.input('x', ['B', 3]);
  const weight = g.parameter('weight', [3, 1]);
  const bias = g.parameter('bias', [1]);
  const logits = g.linear(x, weight, bias);
  return { g, x, weight, bias, logits };
}

const weight = Float32Array.of(0.5, -1, 2);
const bias = Float32Array.of(0.25);
const x = Float32Array.of(1, 2, 3, -1, 0, 4);

describe('the bytes of a model', () => {
  it('are those that onnx-proto decodes to this model', () => {
    // npm onnx-proto 8.0.1: ModelProto.decode(bytes) → irVersion 10, opsetImport [{ domain: '', version: 21 }],
    // one Gemm (x, weight, bias) → logits, initializer bias float [1] rawData 0000803e, inputs x (B, 3) and
    // weight (3, 1), output logits (B, 1).
    const { logits } = network();
    const bytes = toOnnx({ outputs: { logits }, initializers: new Map([['bias', bias]]) });
    expect(Buffer.from(bytes).toString('hex')).toBe(
      [
        '080a1206626974726f773a8f010a270a01780a067765696768740a046269617312066c6f67697473',
        '1a066c6f67697473220447656d6d1206626974726f772a110a010110014204626961734a04000080',
        '3e5a140a0178120f0a0d080112090a031201420a0208035a180a06776569676874120e0a0c080112',
        '080a0208030a02080162190a066c6f67697473120f0a0d080112090a031201420a02080142040a00',
        '1015',
      ].join(''),
    );
  });

  it('are the same for the same graph', () => {
    const digest = () => {
      const { g, x: input, weight: w, bias: b, logits } = network();
      const loss = g.sum(g.binaryCrossEntropy(logits, g.input('labels', ['B', 1])));
      const [dX, dW, dB] = differentiate(g, loss, [input, w, b]);
      return createHash('sha256')
        .update(toOnnx({ outputs: { loss, dX, dW, dB } }))
        .digest('hex');
    };
    expect(digest()).toBe(digest());
  });
});

describe('parameters', () => {
  it('are inputs, or initializers with the same results', async () => {
    const { logits } = network();
    const trained = await createSession(toOnnx({ outputs: { logits } }));
    const initializers = new Map([
      ['weight', weight],
      ['bias', bias],
      ['of another model', bias],
    ]);
    const fixed = await createSession(toOnnx({ outputs: { logits }, initializers }));
    expect(trained.inputNames).toEqual(['x', 'weight', 'bias']);
    expect(fixed.inputNames).toEqual(['x']);

    const [a, b] = [new Float32Array(2), new Float32Array(2)];
    const feed = { data: x, shape: [2, 3] };
    await trained.run(
      { x: feed, weight: { data: weight, shape: [3, 1] }, bias: { data: bias, shape: [1] } },
      { logits: { data: a, shape: [2, 1] } },
    );
    await fixed.run({ x: feed }, { logits: { data: b, shape: [2, 1] } });
    // Small powers of two: exact in any order.
    expect([...a]).toEqual([4.75, 7.75]);
    expect([...b]).toEqual([4.75, 7.75]);
    await Promise.all([trained.release(), fixed.release()]);
  });

  it('of the wrong size are refused', () => {
    const { logits } = network();
    expect(() => toOnnx({ outputs: { logits }, initializers: new Map([['weight', bias]]) })).toThrow(
      "Parameter 'weight' has 1 numbers (its shape (3, 1) has 3).",
    );
  });
});

describe('outputs', () => {
  it('may be one node twice, an input, or a constant', async () => {
    const { g, x: input, logits } = network();
    const outputs = { first: logits, second: logits, copy: input, two: g.constant(2) };
    const session = await createSession(
      toOnnx({
        outputs,
        initializers: new Map([
          ['weight', weight],
          ['bias', bias],
        ]),
      }),
    );
    expect(session.outputNames).toEqual(['first', 'second', 'copy', 'two']);
    const fetches = {
      first: { data: new Float32Array(2), shape: [2, 1] },
      second: { data: new Float32Array(2), shape: [2, 1] },
      copy: { data: new Float32Array(6), shape: [2, 3] },
      two: { data: new Float32Array(1), shape: [] },
    };
    await session.run({ x: { data: x, shape: [2, 3] } }, fetches);
    expect([...fetches.second.data]).toEqual([4.75, 7.75]);
    expect([...fetches.copy.data]).toEqual([...x]);
    expect([...fetches.two.data]).toEqual([2]);
    await session.release();
  });

  it('may not be named like an input', () => {
    const { logits } = network();
    expect(() => toOnnx({ outputs: { bias: logits } })).toThrow(
      "An output and parameter 'bias' have the same name.",
    );
  });

  it('have their constants once', () => {
    const g = new Graph();
    const input = g.input('x', ['B', 4]);
    const halves = [g.slice(input, 0, 2), g.slice(input, 2, 4)];
    const model = onnxModel({
      outputs: { out: g.add(g.multiply(0.5, halves[0]), g.multiply(0.5, halves[1])) },
    });
    expect(model.initializers.map(({ type, shape }) => `${type} ${shape.length}`).sort()).toEqual([
      'float32 0',
      ...['int64 1', 'int64 1', 'int64 1', 'int64 1'],
    ]);
  });
});

describe('binary cross-entropy at ±100', () => {
  const g = new Graph();
  const logits = g.input('logits', ['B', 1]);
  const labels = g.input('labels', ['B', 1]);
  const losses = g.binaryCrossEntropy(logits, labels);
  const [dLogits] = differentiate(g, g.sum(losses), [logits]);
  const outputs = { losses, dLogits };
  const feeds = {
    logits: { shape: [6, 1], data: [100, 100, -100, -100, 0, 20] },
    labels: { shape: [6, 1], data: [0, 1, 0, 1, 1, 1] },
  };
  const wanted = { losses: [100, 0, 0, 100, Math.LN2, 0], dLogits: [1, 0, 0, -1, -0.5, 0] };

  it('is finite and right in float64', () => {
    const { losses: values, dLogits: gradient } = interpret(outputs, feeds);
    wanted.losses.forEach((value, i) => {
      expect(values.data[i]).toBeCloseTo(value, 8);
    });
    wanted.dLogits.forEach((value, i) => {
      expect(gradient.data[i]).toBeCloseTo(value, 8);
    });
  });

  it('is finite and right in onnxruntime', async () => {
    const session = await createSession(toOnnx({ outputs }));
    const fetches = {
      losses: { data: new Float32Array(6), shape: [6, 1] },
      dLogits: { data: new Float32Array(6), shape: [6, 1] },
    };
    await session.run(
      {
        logits: { shape: [6, 1], data: Float32Array.from(feeds.logits.data) },
        labels: { shape: [6, 1], data: Float32Array.from(feeds.labels.data) },
      },
      fetches,
    );
    // One rounding of log 2; everything else is exact but for terms below 2^−24.
    wanted.losses.forEach((value, i) => {
      expect(Math.abs(fetches.losses.data[i] - value)).toBeLessThan(1e-7);
    });
    wanted.dLogits.forEach((value, i) => {
      expect(Math.abs(fetches.dLogits.data[i] - value)).toBeLessThan(1e-7);
    });
    await session.release();
  });
});
