// Collects the nodes, initializers and inputs of an exported model. Names it makes begin with `/bitrow/`, so that they are
// nobody's: inputs are called as the data's fields are.
import {
  MICROSOFT,
  type OnnxNode,
  type OnnxTensor,
  type OnnxType,
  type OnnxValue,
} from '../graph/onnx-model.js';
import type { OnnxAttributes } from '../graph/operators/operator.js';

/** What every name of an exported model that is not an input or an output begins with. */
export const INTERNAL = '/bitrow/';

export class OnnxNodes {
  readonly nodes: OnnxNode[] = [];
  readonly initializers: OnnxTensor[] = [];
  readonly inputs: OnnxValue[] = [];
  private readonly constants = new Map<string, string>();
  private count = 0;

  /** Adds a node of a standard operator; its result is `output`, or has a fresh name. Returns the name. */
  node(type: string, inputs: readonly string[], attributes: OnnxAttributes = {}, output?: string): string {
    return this.add({ type, attributes }, inputs, output);
  }

  /** The same of a contrib operator. */
  contrib(type: string, inputs: readonly string[], attributes: OnnxAttributes): string {
    return this.add({ type, attributes, domain: MICROSOFT }, inputs);
  }

  input(name: string, type: OnnxType, shape: readonly (number | string)[]): string {
    this.inputs.push({ name, type, shape });
    return name;
  }

  /** A constant int64 tensor; by default of shape (length). */
  integers(values: readonly number[], shape: readonly number[] = [values.length]): string {
    return this.constant('int64', shape, BigInt64Array.from(values, BigInt));
  }

  floats(values: readonly number[] | Float32Array, shape: readonly number[] = [values.length]): string {
    return this.constant('float32', shape, Float32Array.from(values));
  }

  doubles(values: readonly number[], shape: readonly number[] = [values.length]): string {
    return this.constant('float64', shape, Float64Array.from(values));
  }

  /** An initializer that is written into the model's file later. */
  later(name: string, type: OnnxType, shape: readonly number[], sizeBytes: number): string {
    const full = `${INTERNAL}${name}`;
    this.initializers.push({ name: full, type, shape, bytes: { sizeBytes } });
    return full;
  }

  private add(
    { type, attributes, domain }: Pick<OnnxNode, 'type' | 'attributes' | 'domain'>,
    inputs: readonly string[],
    output = `${INTERNAL}${type}_${this.count++}`,
  ): string {
    this.nodes.push({ type, inputs, outputs: [output], attributes, ...(domain && { domain }) });
    return output;
  }

  private constant(
    type: OnnxType,
    shape: readonly number[],
    data: BigInt64Array | Float32Array | Float64Array,
  ): string {
    const bytes = new Uint8Array(data.buffer as ArrayBuffer, data.byteOffset, data.byteLength);
    const key = `${type} ${shape.join(',')} ${Buffer.from(bytes).toString('latin1')}`;
    const known = this.constants.get(key);
    if (known !== undefined) return known;
    const name = `${INTERNAL}constant_${this.constants.size}`;
    this.constants.set(key, name);
    this.initializers.push({ name, type, shape, bytes });
    return name;
  }
}
