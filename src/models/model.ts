// What a model is: a graph from the embedding block X (B, F·D), and beside it numbers (B, N) and first-order weights
// (B, F), to one logit a row, its parameters with their initial distribution, and what else flows in and out. A model file writes the forward pass only; training and
// scoring differ in dropout and in which statistics normalise, so the graph is built once for each.
import type { z } from 'zod';
import { batchNormalization, normalize } from '../graph/batch-normalization.js';
import { Graph } from '../graph/graph.js';
import type { Node } from '../graph/node.js';
import type { Shape } from '../graph/shape.js';
import type { Zod } from '../options.js';

/** A dense parameter, by its name unique in the model. */
export interface Parameter {
  name: string;
  shape: readonly number[];
  node: Node;
  /** A constant, or the standard deviation of a normal distribution. */
  initial: { constant: number } | { deviation: number };
}

/** A dropout mask (B, width) that is fed from outside: drawn by (step, layer, row of the batch). */
export interface Dropout {
  name: string;
  layer: number;
  width: number;
  rate: number;
}

/** A running statistic: a parameter that scoring uses, and the micro-batch's value of it, made in training. */
export interface Statistic {
  name: string;
  width: number;
  node: Node;
}

/** What a model file makes, for training or for scoring. */
export interface Model {
  graph: Graph;
  /** (B, 1). */
  logits: Node;
  /** Scalar: Σ weight · binary cross-entropy · scale, over the rows of a micro-batch. */
  loss: Node;
  /** X (B, F·D). */
  x: Node;
  /** Columns of the input `numbers`, N; 0 where there is none. */
  numbers: number;
  /** First-order weights (B, F), each of a field's feature; null where the model has none. */
  firstOrder: Node | null;
  /** Whether the training graph has the input `real`, which tells rows that weigh little from rows that pad. */
  hasRealRows: boolean;
  parameters: Parameter[];
  dropouts: Dropout[];
  statistics: Statistic[];
}

/** What a model is built for: F and D, and what else rows have. */
export interface ModelShape {
  fields: number;
  dim: number;
  /** Numeric inputs, N; by default none. */
  numbers?: number | undefined;
  /** Whether rows weigh differently. */
  hasWeight?: boolean | undefined;
  /** r, the share of negatives that training sees: scoring adds ln r to its logits, as many odds as were lost. */
  negativeSampling?: number | undefined;
}

/** Training has dropout, and statistics of the micro-batch; scoring has neither. */
export type Mode = 'training' | 'scoring';

/** A model in the registry. */
export interface ModelSpec<Options> {
  /** One line for `--help`. */
  readonly summary: string;
  /** Strict schema of its own options, with defaults. */
  readonly options: (z: Zod) => z.ZodObject;
  build(shape: ModelShape, options: Options, mode: Mode): Model;
}

/** Names of the graph inputs that every model has beside its parameters and masks. */
export const inputNames = {
  x: 'x',
  labels: 'labels',
  weights: 'weights',
  scale: 'scale',
  /** (B, N), where there are numeric inputs. */
  numbers: 'numbers',
  /** (B, F), where the model has first-order weights. */
  firstOrder: 'firstOrder',
  /** (B, 1), where rows have a weight and something counts them: 1 for a real row, 0 for one that pads. */
  real: 'real',
} as const;

/** Collects what a model declares while its forward pass is written. */
export class ModelBuilder {
  readonly graph = new Graph();
  readonly x: Node;
  /** (B, N), or null where there are none. */
  readonly numbers: Node | null;
  /** The network's input: X, and the numbers behind it, (B, F·D + N). */
  readonly input: Node;
  /** Columns of `input`. */
  readonly width: number;
  private readonly rowWeights: Node;
  private realRows: Node | undefined;
  private firstOrderWeights: Node | null = null;
  private readonly parameters: Parameter[] = [];
  private readonly dropouts: Dropout[] = [];
  private readonly statistics: Statistic[] = [];

  constructor(
    readonly shape: ModelShape,
    private readonly mode: Mode,
  ) {
    const { fields, dim, numbers = 0 } = shape;
    this.x = this.graph.input(inputNames.x, ['B', fields * dim]);
    this.width = fields * dim + numbers;
    this.numbers = numbers > 0 ? this.graph.input(inputNames.numbers, ['B', numbers]) : null;
    this.input = this.numbers ? this.graph.concat([this.x, this.numbers]) : this.x;
    // Of a real row 1, or what it weighs; 0 for one that pads the micro-batch.
    this.rowWeights = this.graph.input(inputNames.weights, ['B', 1]);
  }

  parameter(name: string, shape: readonly number[], initial: Parameter['initial']): Node {
    const node = this.graph.parameter(name, shape as Shape);
    this.parameters.push({ name, shape, node, initial });
    return node;
  }

  /** A weight (in, out) from Xavier's normal distribution: variance 2 / (in + out). `fanOut` where it is part of a wider one. */
  xavier(name: string, [fanIn, columns]: readonly [number, number], fanOut = columns): Node {
    return this.parameter(name, [fanIn, columns], { deviation: Math.sqrt(2 / (fanIn + fanOut)) });
  }

  zeros(name: string, shape: readonly number[]): Node {
    return this.parameter(name, shape, { constant: 0 });
  }

  /**
   * The weights w_i (B, F) of each field's feature, of a bag pooled like its embeddings: a table of their own with one
   * fp32 number a feature, 0 at first, which is trained like the network's other parameters, whatever the method.
   */
  firstOrder(): Node {
    this.firstOrderWeights ??= this.graph.input(inputNames.firstOrder, ['B', this.shape.fields]);
    return this.firstOrderWeights;
  }

  /** Drops each of the columns of h (B, width) with probability `rate`, in training. */
  dropout(h: Node, rate: number): Node {
    if (rate === 0 || this.mode === 'scoring') return h;
    const layer = this.dropouts.length;
    const name = `dropout.${layer}`;
    const width = Number(h.shape[1]);
    this.dropouts.push({ name, layer, width, rate });
    return this.graph.dropout(h, this.graph.input(name, ['B', width]));
  }

  /**
   * Batch normalization of h (B, width) over the real rows (Ioffe, Szegedy 2015); ε = 1e-5 as in torch. In training
   * by the mean and variance of the micro-batch, when scoring by the running ones.
   */
  batchNorm(h: Node, name: string): Node {
    const g = this.graph;
    const width = Number(h.shape[1]);
    const gain = this.parameter(`${name}.gain`, [width], { constant: 1 });
    const shift = this.zeros(`${name}.shift`, [width]);
    if (this.mode === 'scoring') {
      const mean = g.parameter(`${name}.mean`, [width]);
      const variance = g.parameter(`${name}.variance`, [width]);
      return normalize(g, h, { mean, variance, gain, shift });
    }
    // A statistic counts rows, whatever they weigh in the loss.
    if (this.shape.hasWeight) this.realRows ??= g.input(inputNames.real, ['B', 1]);
    const counted = this.realRows ?? this.rowWeights;
    const { output, mean, variance } = batchNormalization(g, h, counted, { gain, shift });
    this.statistics.push({ name: `${name}.mean`, width, node: mean });
    this.statistics.push({ name: `${name}.variance`, width, node: variance });
    return output;
  }

  /** The linear output layer: w_out · h + bias (B, 1) over h (B, width). */
  output(h: Node): Node {
    const weight = this.xavier('output.weight', [Number(h.shape[1]), 1]);
    return this.graph.linear(h, weight, this.zeros('output.bias', [1]));
  }

  /** The model whose forward pass ends in `logits` (B, 1). */
  finish(logits: Node): Model {
    const g = this.graph;
    const labels = g.input(inputNames.labels, ['B', 1]);
    const scale = g.input(inputNames.scale, []);
    const losses = g.multiply(g.binaryCrossEntropy(logits, labels), this.rowWeights);
    const loss = g.multiply(g.sum(losses), scale);
    const { x, parameters, dropouts, statistics, firstOrderWeights: firstOrder } = this;
    const hasRealRows = this.realRows !== undefined;
    const { numbers = 0, negativeSampling = 1 } = this.shape;
    const calibrated = this.mode === 'scoring' ? g.add(logits, Math.log(negativeSampling)) : logits;
    return {
      graph: g,
      logits: calibrated,
      loss,
      x,
      numbers,
      firstOrder,
      hasRealRows,
      parameters,
      dropouts,
      statistics,
    };
  }
}
