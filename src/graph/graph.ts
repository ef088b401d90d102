// The graph a model is written on: each method adds one node (or finds the equal one that is there) and returns
// it, so a model file reads like its equations. Shapes are checked as nodes are made; nothing is computed here:
// see interpret.ts (float64), onnx.ts and session.ts (float32, fast), differentiate.ts (gradients).
//
// Simplified on the way, because only here the shapes say that it is allowed: x·1, x + 0, −(−x), a reshape or a
// slice that changes nothing, and a broadcast whose user broadcasts anyway.
import type { Application, Attributes, Constant, Feed, Node, OperatorName } from './node.js';
import type { Operator } from './operators/operator.js';
import { operators } from './operators/registry.js';
import {
  broadcastShapes,
  checkShape,
  describeShape,
  elementCount,
  exactly,
  type Shape,
  sameShape,
} from './shape.js';

/** A node, or a number in place of a constant. */
export type Operand = Node | number;

/**
 * @example
 * const g = new Graph();
 * const x = g.input('x', ['B', 3]);
 * const logits = g.linear(x, g.parameter('weight', [3, 1]), g.parameter('bias', [1]));
 * const loss = g.sum(g.binaryCrossEntropy(logits, g.input('labels', ['B', 1])));
 */
export class Graph {
  readonly #nodes: Node[] = [];
  readonly #byKey = new Map<string, Node>();
  readonly #byName = new Map<string, Feed>();

  /** All nodes in the order they were made: inputs before users. */
  get nodes(): readonly Node[] {
    return this.#nodes;
  }

  /** A tensor fed in every run. */
  input(name: string, shape: Shape): Node {
    return this.#feed('input', name, shape);
  }

  /** A weight: fed in training, fixed in the model when scoring. Its shape has no batch. */
  parameter(name: string, shape: Shape): Node {
    if (shape.includes('B')) throw new Error(`Parameter '${name}' has the batch in its shape.`);
    return this.#feed('parameter', name, shape);
  }

  /** A fixed finite number of shape (), or a tensor of them, row-major. */
  constant(value: number | readonly number[], shape: Shape = []): Node {
    const values = typeof value === 'number' ? [value] : [...value];
    checkShape('A constant', shape);
    if (shape[0] === 'B' || values.length !== elementCount(shape) || !values.every(Number.isFinite)) {
      throw new Error(
        `A constant of shape ${describeShape(shape)} has ${values.length} numbers, ${values.filter(Number.isFinite).length} of them finite (allowed: one finite number for each element, and no batch).`,
      );
    }
    const key = `constant ${describeShape(shape)} ${values.map(exactly).join(' ')}`;
    return this.#remember(key, (id): Constant => ({ kind: 'constant', id, values, shape: [...shape] }));
  }

  // Elementwise, with broadcasting: (B, H) ∘ (H), (B, H) ∘ (B, 1), numbers.

  add(a: Operand, b: Operand): Node {
    if (isNumber(a, 0) && typeof b !== 'number') return b;
    if (isNumber(b, 0) && typeof a !== 'number') return a;
    return this.#binary('add', a, b);
  }

  subtract(a: Operand, b: Operand): Node {
    return this.#binary('subtract', a, b);
  }

  multiply(a: Operand, b: Operand): Node {
    const [left, right] = this.#withoutBroadcast(a, b);
    if (isNumber(left, 1)) return right;
    if (isNumber(right, 1)) return left;
    return this.#apply('multiply', {}, [left, right]);
  }

  divide(a: Operand, b: Operand): Node {
    return this.#binary('divide', a, b);
  }

  negate(x: Node): Node {
    if (x.kind === 'application' && x.operator === 'negate') return x.inputs[0];
    return this.#apply('negate', {}, [x]);
  }

  relu(x: Node): Node {
    return this.#apply('relu', {}, [x]);
  }

  /** `dOutput` where `rectified` = relu(x) is positive, else 0. */
  reluGradient(rectified: Node, dOutput: Node): Node {
    return this.#binary('reluGradient', rectified, dOutput);
  }

  sigmoid(x: Node): Node {
    return this.#apply('sigmoid', {}, [x]);
  }

  /** log(1 + e^x) */
  softplus(x: Node): Node {
    return this.#apply('softplus', {}, [x]);
  }

  square(x: Node): Node {
    return this.#apply('square', {}, [x]);
  }

  squareRoot(x: Node): Node {
    return this.#apply('squareRoot', {}, [x]);
  }

  /** x · mask, the mask drawn outside: 0, or 1 / (1 − rate) where kept. */
  dropout(x: Node, mask: Node): Node {
    return this.multiply(x, mask);
  }

  /** The loss of each row, in the shape of `logits` and `labels`; its gradient by the logits is σ(z) − y. */
  binaryCrossEntropy(logits: Node, labels: Node): Node {
    return this.#apply('binaryCrossEntropy', {}, [logits, labels]);
  }

  // Products.

  /** a · b of two matrices, each transposed first where its flag says so. */
  matmul(a: Node, b: Node, { transposeA = false, transposeB = false } = {}): Node {
    return this.#apply('matmul', { transposeA, transposeB }, [a, b]);
  }

  /** x (B, in) · weight (in, out) + bias (out) */
  linear(x: Node, weight: Node, bias: Node): Node {
    return this.#apply('linear', {}, [x, weight, bias]);
  }

  /** x (B, F, D) → (B, F(F−1)/2): x_i · x_j for all i < j, i first. */
  pairwiseDots(x: Node): Node {
    return this.#apply('pairwiseDots', {}, [x]);
  }

  /** x (B, F, D), dPairs (B, F(F−1)/2) → (B, F, D): the gradient of `pairwiseDots` by x. */
  pairwiseDotsGradient(x: Node, dPairs: Node): Node {
    return this.#apply('pairwiseDotsGradient', {}, [x, dPairs]);
  }

  // Sums and layout.

  /** Sum over `axes`, by default all; with `keep` they stay as 1. */
  sum(x: Node, axes: readonly number[] = x.shape.map((_, axis) => axis), keep = false): Node {
    return axes.length === 0 ? x : this.#apply('sum', { axes, keep }, [x]);
  }

  /** (B, H) → (H) */
  sumBatch(x: Node): Node {
    return this.sum(x, [0]);
  }

  /** (B, H) → (B, 1): the sum over the last axis. */
  sumColumns(x: Node): Node {
    return this.sum(x, [x.shape.length - 1], true);
  }

  /** x summed over the axes along which `shape` was repeated to x.shape. */
  sumTo(x: Node, shape: Shape): Node {
    const extra = x.shape.length - shape.length;
    const axes = x.shape.flatMap((dimension, axis) =>
      dimension === (shape[axis - extra] ?? 0) ? [] : [axis],
    );
    return this.reshape(this.sum(x, axes, extra === 0), shape);
  }

  /** x repeated to the shape of `like`. */
  broadcast(x: Node, like: Node): Node {
    return sameShape(x.shape, like.shape) ? x : this.#apply('broadcast', {}, [x, like]);
  }

  /** (B, F·D) ↔ (B, F, D) and the like: the same elements in the same order. */
  reshape(x: Node, shape: Shape): Node {
    return sameShape(x.shape, shape) ? x : this.#apply('reshape', { shape }, [x]);
  }

  /** Columns `start` to `end` − 1 of the last axis. */
  slice(x: Node, start: number, end: number): Node {
    return start === 0 && end === x.shape.at(-1) ? x : this.#apply('slice', { start, end }, [x]);
  }

  /** Zero columns before and after the last axis: the gradient of `slice`. */
  pad(x: Node, before: number, after: number): Node {
    return before === 0 && after === 0 ? x : this.#apply('pad', { before, after }, [x]);
  }

  /** Side by side along the last axis. */
  concat(nodes: readonly Node[]): Node {
    if (nodes.length === 0) throw new Error('concat: there is nothing to put side by side.');
    return nodes.length === 1 ? nodes[0] : this.#apply('concat', {}, nodes);
  }

  #feed(kind: Feed['kind'], name: string, shape: Shape): Node {
    const owner = `${kind} '${name}'`;
    checkShape(owner, shape);
    if (name === '' || name.startsWith('/')) {
      throw new Error(
        `The name of ${owner} is empty or begins with '/' (kept for values between operators).`,
      );
    }
    const known = this.#byName.get(name);
    if (known !== undefined) throw new Error(`The graph has ${known.kind} '${name}' already.`);
    const feed = this.#remember(owner, (id): Feed => ({ kind, id, name, shape: [...shape] }));
    this.#byName.set(name, feed);
    return feed;
  }

  #binary(operator: 'add' | 'subtract' | 'divide' | 'reluGradient', a: Operand, b: Operand): Node {
    return this.#apply(operator, {}, this.#withoutBroadcast(a, b));
  }

  /** Nodes of both; a broadcast is passed by where the other side has the full shape anyway. */
  #withoutBroadcast(a: Operand, b: Operand): [Node, Node] {
    const left = typeof a === 'number' ? this.constant(a) : a;
    const right = typeof b === 'number' ? this.constant(b) : b;
    if (isBroadcast(left) && sameShape(broadcastShapes('broadcast', left.shape, right.shape), right.shape)) {
      return [left.inputs[0], right];
    }
    if (isBroadcast(right) && sameShape(broadcastShapes('broadcast', left.shape, right.shape), left.shape)) {
      return [left, right.inputs[0]];
    }
    return [left, right];
  }

  #apply<K extends OperatorName>(operator: K, attributes: Attributes[K], inputs: readonly Node[]): Node {
    for (const input of inputs) {
      if (this.#nodes[input.id] !== input) throw new Error(`${operator}: an input belongs to another graph.`);
    }
    const key = `${operator} ${JSON.stringify(attributes)} ${inputs.map(({ id }) => id).join(' ')}`;
    const found = this.#byKey.get(key);
    if (found !== undefined) return found;
    const rule: Operator<K> = operators[operator];
    const shape = rule.shape(
      inputs.map((input) => input.shape),
      attributes,
    );
    const make = (id: number): Application<K> => ({
      kind: 'application',
      id,
      operator,
      attributes,
      inputs: [...inputs],
      shape,
    });
    return this.#remember(key, make as (id: number) => Node);
  }

  #remember<N extends Node>(key: string, make: (id: number) => N): N {
    const found = this.#byKey.get(key);
    if (found !== undefined) return found as N;
    const node = make(this.#nodes.length);
    this.#nodes.push(node);
    this.#byKey.set(key, node);
    return node;
  }
}

function isNumber(operand: Operand, value: number): boolean {
  if (typeof operand === 'number') return operand === value;
  return operand.kind === 'constant' && operand.shape.length === 0 && operand.values[0] === value;
}

function isBroadcast(node: Node): node is Application<'broadcast'> {
  return node.kind === 'application' && node.operator === 'broadcast';
}
