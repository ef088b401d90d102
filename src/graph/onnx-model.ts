// An ONNX model as plain data, and its bytes. Field numbers are those of onnx.proto3; only what we write is here.
//
// https://github.com/onnx/onnx/blob/main/onnx/onnx.proto3
import { Message } from '../formats/protobuf.js';
import type { OnnxAttribute, OnnxAttributes } from './operators/operator.js';
import type { Shape } from './shape.js';

/** Opset 21 (IR version 10) came with onnx 1.16 in 2024; onnxruntime 1.18 and later run it. */
const OPSET_VERSION = 21;
const IR_VERSION = 10;

const dataTypes = { float32: 1, int64: 7 } as const;

export interface OnnxNode {
  readonly type: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: OnnxAttributes;
}

/** `bytes` are the elements in row-major order, little endian. */
export interface OnnxTensor {
  readonly name: string;
  readonly type: keyof typeof dataTypes;
  readonly shape: readonly number[];
  readonly bytes: Uint8Array;
}

/** A float32 input or output of the model. */
export interface OnnxValue {
  readonly name: string;
  readonly shape: Shape;
}

export interface OnnxModel {
  readonly nodes: readonly OnnxNode[];
  readonly initializers: readonly OnnxTensor[];
  readonly inputs: readonly OnnxValue[];
  readonly outputs: readonly OnnxValue[];
}

/** The model's bytes; equal models have equal bytes. */
export function encodeOnnx(model: OnnxModel): Uint8Array<ArrayBuffer> {
  const graph = new Message();
  for (const node of model.nodes) graph.message(1, encodeNode(node));
  graph.string(2, 'bitrow');
  for (const tensor of model.initializers) graph.message(5, encodeTensor(tensor));
  for (const value of model.inputs) graph.message(11, encodeValue(value));
  for (const value of model.outputs) graph.message(12, encodeValue(value));
  const opset = new Message().string(1, '').integer(2, OPSET_VERSION);
  return new Message()
    .integer(1, IR_VERSION)
    .string(2, 'bitrow')
    .message(7, graph)
    .message(8, opset)
    .finish();
}

function encodeNode({ type, inputs, outputs, attributes }: OnnxNode): Message {
  const message = new Message();
  for (const name of inputs) message.string(1, name);
  for (const name of outputs) message.string(2, name);
  // The first output names the node too, so that a profile can be read.
  message.string(3, outputs[0]).string(4, type);
  for (const [name, value] of Object.entries(attributes)) {
    message.message(5, encodeAttribute(name, value));
  }
  return message;
}

function encodeAttribute(name: string, value: OnnxAttribute): Message {
  const message = new Message().string(1, name);
  if (typeof value === 'number') return message.integer(3, value).integer(20, 2);
  if ('float' in value) return message.float(2, value.float).integer(20, 1);
  for (const element of value) message.integer(8, element);
  return message.integer(20, 7);
}

function encodeTensor({ name, type, shape, bytes }: OnnxTensor): Message {
  return new Message().integers(1, shape).integer(2, dataTypes[type]).string(8, name).bytes(9, bytes);
}

function encodeValue({ name, shape }: OnnxValue): Message {
  const dimensions = new Message();
  for (const dimension of shape) {
    const message = new Message();
    if (dimension === 'B') message.string(2, dimension);
    else message.integer(1, dimension);
    dimensions.message(1, message);
  }
  const tensor = new Message().integer(1, dataTypes.float32).message(2, dimensions);
  return new Message().string(1, name).message(2, new Message().message(1, tensor));
}
