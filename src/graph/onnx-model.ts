// An ONNX model as plain data, and its bytes. Field numbers are those of onnx.proto3; only what we write is here.
//
// https://github.com/onnx/onnx/blob/main/onnx/onnx.proto3
import { Message } from '../formats/protobuf.js';
import type { OnnxAttribute, OnnxAttributes } from './operators/operator.js';
import type { Shape } from './shape.js';

/** Opset 21 (IR version 10) came with onnx 1.16 in 2024; onnxruntime 1.18 and later run it. */
const OPSET_VERSION = 21;
const IR_VERSION = 10;

/** Contrib operators of onnxruntime, such as GatherBlockQuantized. */
export const MICROSOFT = 'com.microsoft';

const dataTypes = {
  float32: 1,
  uint8: 2,
  int8: 3,
  uint16: 4,
  int16: 5,
  int32: 6,
  int64: 7,
  float16: 10,
  float64: 11,
  uint32: 12,
} as const;
export type OnnxType = keyof typeof dataTypes;

/** What `to` of a Cast is for a type. */
export function onnxTypeNumber(type: OnnxType): number {
  return dataTypes[type];
}

export interface OnnxNode {
  readonly type: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: OnnxAttributes;
  /** Of the operator; absent: a standard one. */
  readonly domain?: typeof MICROSOFT;
}

/** Elements that are not in memory: written into the model's file later (onnx-file.ts), or in a file beside it. */
export interface BytesElsewhere {
  readonly sizeBytes: number;
  /** A path relative to the model's, and where in that file; absent: in the model, and not written yet. */
  readonly file?: { readonly location: string; readonly offset: number };
}

/** `bytes` are the elements in row-major order, little endian. */
export interface OnnxTensor {
  readonly name: string;
  readonly type: OnnxType;
  readonly shape: readonly number[];
  readonly bytes: Uint8Array | BytesElsewhere;
}

/** An input or output of the model. */
export interface OnnxValue {
  readonly name: string;
  /** A name stands for any number, the same wherever it stands. */
  readonly shape: Shape | readonly (number | string)[];
  /** Default: float32. */
  readonly type?: OnnxType;
}

export interface OnnxModel {
  readonly nodes: readonly OnnxNode[];
  readonly initializers: readonly OnnxTensor[];
  readonly inputs: readonly OnnxValue[];
  readonly outputs: readonly OnnxValue[];
  /** What the model says of itself. */
  readonly metadata?: Readonly<Record<string, string>>;
}

/** The model's bytes; equal models have equal bytes. @throws when some are elsewhere and not written yet */
export function encodeOnnx(model: OnnxModel): Uint8Array<ArrayBuffer> {
  return onnxMessage(model).finish();
}

/** The model as a message, with a gap for each tensor that is to be written later, named like it. */
export function onnxMessage(model: OnnxModel): Message {
  const graph = new Message();
  for (const node of model.nodes) graph.message(1, encodeNode(node));
  graph.string(2, 'bitrow');
  for (const tensor of model.initializers) graph.message(5, encodeTensor(tensor));
  for (const value of model.inputs) graph.message(11, encodeValue(value));
  for (const value of model.outputs) graph.message(12, encodeValue(value));
  const message = new Message()
    .integer(1, IR_VERSION)
    .string(2, 'bitrow')
    .message(7, graph)
    .message(8, new Message().string(1, '').integer(2, OPSET_VERSION));
  if (model.nodes.some(({ domain }) => domain === MICROSOFT)) {
    message.message(8, new Message().string(1, MICROSOFT).integer(2, 1));
  }
  for (const [key, value] of Object.entries(model.metadata ?? {})) addMetadata(message, key, value);
  return message;
}

/** Bytes that give a model one more line of metadata, put behind its own: its fields may stand in any order. */
export function encodeMetadata(key: string, value: string): Uint8Array<ArrayBuffer> {
  return addMetadata(new Message(), key, value).finish();
}

function addMetadata(message: Message, key: string, value: string): Message {
  return message.message(14, new Message().string(1, key).string(2, value));
}

function encodeNode({ type, inputs, outputs, attributes, domain }: OnnxNode): Message {
  const message = new Message();
  for (const name of inputs) message.string(1, name);
  for (const name of outputs) message.string(2, name);
  // The first output names the node too, so that a profile can be read.
  message.string(3, outputs[0]).string(4, type);
  for (const [name, value] of Object.entries(attributes)) {
    message.message(5, encodeAttribute(name, value));
  }
  if (domain !== undefined) message.string(7, domain);
  return message;
}

function encodeAttribute(name: string, value: OnnxAttribute): Message {
  const message = new Message().string(1, name);
  if (typeof value === 'number') return message.integer(3, value).integer(20, 2);
  if (typeof value === 'string') return message.string(4, value).integer(20, 3);
  if ('float' in value) return message.float(2, value.float).integer(20, 1);
  for (const element of value) message.integer(8, element);
  return message.integer(20, 7);
}

function encodeTensor({ name, type, shape, bytes }: OnnxTensor): Message {
  const message = new Message().integers(1, shape).integer(2, dataTypes[type]).string(8, name);
  if (bytes instanceof Uint8Array) return message.bytes(9, bytes);
  const { file, sizeBytes } = bytes;
  if (file === undefined) return message.gap(9, name, sizeBytes);
  const place = { location: file.location, offset: String(file.offset), length: String(sizeBytes) };
  for (const [key, value] of Object.entries(place)) {
    message.message(13, new Message().string(1, key).string(2, value));
  }
  return message.integer(14, 1);
}

function encodeValue({ name, shape, type = 'float32' }: OnnxValue): Message {
  const dimensions = new Message();
  for (const dimension of shape) {
    const message = new Message();
    if (typeof dimension === 'string') message.string(2, dimension);
    else message.integer(1, dimension);
    dimensions.message(1, message);
  }
  const tensor = new Message().integer(1, dataTypes[type]).message(2, dimensions);
  return new Message().string(1, name).message(2, new Message().message(1, tensor));
}
