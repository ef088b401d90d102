// A graph's outputs, and what they depend on and nothing else, as an ONNX model.
import type { Application, Node, OperatorName } from './node.js';
import { reachable } from './node.js';
import { encodeOnnx, type OnnxModel, type OnnxNode, type OnnxTensor, type OnnxValue } from './onnx-model.js';
import type { OnnxAttributes, OnnxWriter, Operator } from './operators/operator.js';
import { operators } from './operators/registry.js';
import { describeShape, elementCount, exactly } from './shape.js';

export interface OnnxOptions {
  /** The model's outputs by name, in their order. */
  readonly outputs: Readonly<Record<string, Node>>;
  /** Parameters that become part of the model, row-major; the others are inputs. Unused ones are left out. */
  readonly initializers?: ReadonlyMap<string, Float32Array>;
}

/** The bytes of the model: see {@link onnxModel}. The same graph gives the same bytes. */
export function toOnnx(options: OnnxOptions): Uint8Array<ArrayBuffer> {
  return encodeOnnx(onnxModel(options));
}

/**
 * The model as data, for exporters that add to it. Inputs are the reachable inputs and parameters in the order
 * they were declared.
 *
 * @throws when an output is named like an input, or an initializer has the wrong size
 */
export function onnxModel({ outputs, initializers = new Map() }: OnnxOptions): OnnxModel {
  const writer = new ModelWriter();
  const inputs: OnnxValue[] = [];
  const names = new Map<Node, string>();
  const outputNames = new Map<Node, string>();
  for (const [name, node] of Object.entries(outputs)) {
    if (!outputNames.has(node)) outputNames.set(node, name);
  }

  const nodes = reachable(Object.values(outputs));
  for (const node of nodes) names.set(node, write(node));
  for (const [name, node] of Object.entries(outputs)) {
    const value = nameOf(node);
    if (value !== name) writer.node('Identity', [value], {}, name);
  }
  return {
    nodes: writer.nodes,
    initializers: writer.tensors,
    inputs,
    outputs: Object.entries(outputs).map(([name, { shape }]) => ({ name, shape })),
  };

  function nameOf(node: Node): string {
    const name = names.get(node);
    if (name === undefined) throw new Error('A node was used before it was written.');
    return name;
  }

  function write(node: Node): string {
    if (node.kind === 'constant') return writer.constant(node.values, node.shape.map(Number));
    if (node.kind === 'application') {
      const output = outputNames.get(node) ?? writer.fresh(node.operator);
      emit(writer, node.inputs.map(nameOf), node, output);
      return output;
    }
    const { name, shape } = node;
    if (Object.hasOwn(outputs, name)) {
      throw new Error(`An output and ${node.kind} '${name}' have the same name.`);
    }
    const data = node.kind === 'parameter' ? initializers.get(name) : undefined;
    if (data === undefined) inputs.push({ name, shape });
    else if (data.length === elementCount(shape)) writer.floats(name, shape.map(Number), data);
    else {
      throw new Error(
        `Parameter '${name}' has ${data.length} numbers (its shape ${describeShape(shape)} has ${elementCount(shape)}).`,
      );
    }
    return name;
  }
}

function emit<K extends OperatorName>(
  writer: OnnxWriter,
  inputs: readonly string[],
  node: Application<K>,
  output: string,
): void {
  const rule: Operator<K> = operators[node.operator];
  rule.emit(writer, inputs, node, output);
}

class ModelWriter implements OnnxWriter {
  readonly nodes: OnnxNode[] = [];
  readonly tensors: OnnxTensor[] = [];
  /** Constants by their content: each is written once. */
  readonly #constants = new Map<string, string>();
  #count = 0;

  fresh(label: string): string {
    return `/${label}_${this.#count++}`;
  }

  node(
    type: string,
    inputs: readonly string[],
    attributes: OnnxAttributes = {},
    output = this.fresh(type),
  ): string {
    this.nodes.push({ type, inputs, outputs: [output], attributes });
    return output;
  }

  integers(values: readonly number[]): string {
    return this.#constant(`integers ${values.join(' ')}`, (name) => {
      const data = BigInt64Array.from(values, BigInt);
      this.tensors.push({ name, type: 'int64', shape: [values.length], bytes: new Uint8Array(data.buffer) });
    });
  }

  constant(values: readonly number[], shape: readonly number[]): string {
    return this.#constant(`float ${describeShape(shape)} ${values.map(exactly).join(' ')}`, (name) =>
      this.floats(name, shape, Float32Array.from(values)),
    );
  }

  /** The data is not copied before the model is encoded. */
  floats(name: string, shape: readonly number[], data: Float32Array): void {
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    this.tensors.push({ name, type: 'float32', shape, bytes });
  }

  #constant(key: string, add: (name: string) => void): string {
    const known = this.#constants.get(key);
    if (known !== undefined) return known;
    const name = this.fresh('constant');
    this.#constants.set(key, name);
    add(name);
    return name;
  }
}
