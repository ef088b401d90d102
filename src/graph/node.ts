// What a graph is made of: leaves (fed inputs, parameters, constants) and applications of an operator to nodes.
// A node is plain readonly data; `Graph` makes them, rules in operators/ say what they mean.
import { describeShape, type Shape } from './shape.js';

type None = Readonly<Record<string, never>>;

/** Every operator with its attributes. A name added here without its rules in operators/ does not compile. */
export interface Attributes {
  // Elementwise with broadcasting: (B, H) ∘ (H), (B, H) ∘ (B, 1), and scalars.
  add: None;
  subtract: None;
  multiply: None;
  divide: None;
  // Elementwise.
  negate: None;
  relu: None;
  /** (relu(x), dy) → dy where relu(x) > 0, else 0. */
  reluGradient: None;
  sigmoid: None;
  softplus: None;
  square: None;
  squareRoot: None;
  /** (logits, labels) → the loss of each row, stable for any logit. */
  binaryCrossEntropy: None;
  // Products.
  matmul: { readonly transposeA: boolean; readonly transposeB: boolean };
  /** (x (B, in), weight (in, out), bias (out)) → (B, out) */
  linear: None;
  /** (B, F, D) → (B, F(F−1)/2): x_i · x_j for i < j, i first. */
  pairwiseDots: None;
  /** (x (B, F, D), dPairs (B, F(F−1)/2)) → (B, F, D) */
  pairwiseDotsGradient: None;
  // Layout and sums.
  sum: { readonly axes: readonly number[]; readonly keep: boolean };
  /** (x, like) → x repeated to the shape of `like`. */
  broadcast: None;
  reshape: { readonly shape: Shape };
  /** Columns start to end − 1 of the last axis. */
  slice: { readonly start: number; readonly end: number };
  /** Zero columns before and after the last axis. */
  pad: { readonly before: number; readonly after: number };
  /** Along the last axis. */
  concat: None;
}

export type OperatorName = keyof Attributes;

export interface Application<K extends OperatorName> {
  readonly kind: 'application';
  /** Position in its graph: inputs have smaller ones, so ids are a topological order. */
  readonly id: number;
  readonly operator: K;
  readonly attributes: Attributes[K];
  readonly inputs: readonly Node[];
  readonly shape: Shape;
}

/** Fed in every run (`input`), or fed in training and fixed when scoring (`parameter`). */
export interface Feed {
  readonly kind: 'input' | 'parameter';
  readonly id: number;
  readonly name: string;
  readonly shape: Shape;
}

/** Fixed numbers, row-major; most are one number of shape (). */
export interface Constant {
  readonly kind: 'constant';
  readonly id: number;
  readonly values: readonly number[];
  readonly shape: Shape;
}

export type Node = Feed | Constant | { [K in OperatorName]: Application<K> }[OperatorName];

/** What an error calls a node. */
export function describeNode(node: Node): string {
  if (node.kind === 'application') return `a result of ${node.operator}`;
  return node.kind === 'constant'
    ? `a constant of shape ${describeShape(node.shape)}`
    : `${node.kind} '${node.name}'`;
}

/** `nodes` and all they depend on, inputs before users. */
export function reachable(nodes: Iterable<Node>): Node[] {
  const found = new Set<Node>();
  const open = [...nodes];
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    if (found.has(node)) continue;
    found.add(node);
    if (node.kind === 'application') open.push(...node.inputs);
  }
  return [...found].sort((a, b) => a.id - b.id);
}
