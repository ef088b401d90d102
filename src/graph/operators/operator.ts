// What a rule book says about one operator: its shape, its value in float64 (the oracle), its gradient, and the
// ONNX nodes it becomes. The four stand together; see registry.ts.
import type { Graph } from '../graph.js';
import type { Application, Attributes, Node, OperatorName } from '../node.js';
import type { Shape, Tensor } from '../shape.js';

/** An attribute of an ONNX node: a whole number, a list of them, a text, or a float. */
export type OnnxAttribute = number | string | readonly number[] | { readonly float: number };
export type OnnxAttributes = Readonly<Record<string, OnnxAttribute>>;

/** Receives the ONNX nodes of one application. */
export interface OnnxWriter {
  /** Adds a node; its result is `output`, or a fresh name. Returns the name. '' is an input left out. */
  node(type: string, inputs: readonly string[], attributes?: OnnxAttributes, output?: string): string;
  /** The name of a constant int64 tensor of shape (length). */
  integers(values: readonly number[]): string;
}

export interface Operator<K extends OperatorName> {
  /** Shape of the result; throws a sentence when the inputs do not fit. */
  shape(inputs: readonly Shape[], attributes: Attributes[K]): Shape;
  /** The value, by loops that are obviously right. `shape` is that of the result. */
  evaluate(
    inputs: readonly Tensor[],
    attributes: Attributes[K],
    shape: readonly number[],
  ): Float64Array<ArrayBuffer>;
  /** Gradient of the loss by input `index`, in the shape of that input; undefined where it is zero everywhere. */
  gradient(graph: Graph, node: Application<K>, dOutput: Node, index: number): Node | undefined;
  /** Writes ONNX nodes; the last one must be named `output`. */
  emit(writer: OnnxWriter, inputs: readonly string[], node: Application<K>, output: string): void;
}

/** The rules of some operators: `{ [name]: Operator<name> }`. */
export type Rules<K extends OperatorName> = { readonly [P in K]: Operator<P> };
