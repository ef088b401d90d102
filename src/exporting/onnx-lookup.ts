// From ids to the network's block X in an exported model: which rows an id stands for (a row, a pair of rows, a row of one of
// two tiers), their values, bags pooled, fields in their order.
import type { Pairs } from '../embedding/pairs.js';
import { onnxTypeNumber } from '../graph/onnx-model.js';
import type { OnnxTier } from './onnx-dequantize.js';
import type { FieldInput, IdBlock } from './onnx-inputs.js';
import type { OnnxNodes } from './onnx-nodes.js';

/** A table in a model. */
export interface OnnxTable {
  readonly dim: number;
  readonly cold: OnnxTier;
  /** `ofVocabulary`: how many of its first rows are hot. */
  readonly hot: (OnnxTier & { readonly ofVocabulary: readonly number[] }) | null;
  /** First row of each vocabulary, then V, of the embeddings. */
  readonly offsets: readonly number[];
  /** Where an embedding is made of two stored rows. */
  readonly pairs: Pairs | null;
}

/** The values of a block's ids: (B, fields, D), or of a bag (T, D). */
export function lookUp(
  nodes: OnnxNodes,
  table: OnnxTable,
  block: IdBlock,
  fields: readonly FieldInput[],
): string {
  const vocabularies = block.fields.map((f) => fields[f].vocabulary);
  const { ids, rank } = block;
  const { cold, hot, offsets, pairs } = table;
  const perField = (numberOf: (vocabulary: number) => number) => nodes.integers(vocabularies.map(numberOf));
  if (hot) return lookUpTiers(nodes, table, hot, block, perField);
  const rows = nodes.node('Add', [ids, perField((v) => offsets[v])]);
  if (!pairs) return cold.dequantize(rows, rank);
  const ratio = nodes.integers([pairs.remainders], []);
  const quotients = nodes.node('Div', [rows, ratio]);
  const remainders = nodes.node('Add', [
    nodes.node('Mod', [rows, ratio]),
    nodes.integers([pairs.quotients], []),
  ]);
  const both = [quotients, remainders].map((one) => cold.dequantize(one, rank));
  return nodes.node(pairs.combine === 'product' ? 'Mul' : 'Add', both);
}

/** Both tiers are read, each at a row it has, and the one that counts is taken. */
function lookUpTiers(
  nodes: OnnxNodes,
  { cold, offsets }: OnnxTable,
  hot: NonNullable<OnnxTable['hot']>,
  { ids, rank }: IdBlock,
  perField: (numberOf: (vocabulary: number) => number) => string,
): string {
  const zero = nodes.integers([0], []);
  const { ofVocabulary } = hot;
  const hotBefore = (v: number) => ofVocabulary.slice(0, v).reduce((sum, rows) => sum + rows, 0);
  const lastOf = (rows: number) => nodes.integers([Math.max(0, rows - 1)], []);
  const hotRows = ofVocabulary.reduce((sum, rows) => sum + rows, 0);
  const coldRows = offsets[offsets.length - 1] - hotRows;
  if (hotRows === 0) return cold.dequantize(nodes.node('Add', [ids, perField((v) => offsets[v])]), rank);
  const atHot = nodes.node('Add', [ids, perField(hotBefore)]);
  if (coldRows === 0) return hot.dequantize(atHot, rank);
  const inHot = nodes.node('Min', [atHot, lastOf(hotRows)]);
  const atCold = nodes.node('Add', [ids, perField((v) => offsets[v] - hotBefore(v) - ofVocabulary[v])]);
  const inCold = nodes.node('Min', [nodes.node('Max', [atCold, zero]), lastOf(coldRows)]);
  const isHot = nodes.node('Unsqueeze', [
    nodes.node('Less', [ids, perField((v) => ofVocabulary[v])]),
    nodes.integers([rank]),
  ]);
  return nodes.node('Where', [isHot, hot.dequantize(inHot, rank), cold.dequantize(inCold, rank)]);
}

/** X (B, F·D) of the values of all blocks: bags pooled, fields in their order. */
export function assemble(
  nodes: OnnxNodes,
  dim: number,
  blocks: readonly (IdBlock & { readonly values: string })[],
): string {
  const parts = blocks.map(({ values, bag }) =>
    bag ? nodes.node('Unsqueeze', [pool(nodes, values, bag, dim), nodes.integers([1])]) : values,
  );
  const all = parts.length === 1 ? parts[0] : nodes.node('Concat', parts, { axis: 1 }); // (B, F, D)
  const order = blocks.flatMap(({ fields }) => fields);
  const places = order.map((_, field) => order.indexOf(field));
  const inOrder = places.every((place, field) => place === field)
    ? all
    : nodes.node('Gather', [all, nodes.integers(places)], { axis: 1 });
  return nodes.node('Reshape', [inOrder, nodes.integers([0, order.length * dim])]);
}

/**
 * Sums values (T, D) over the bags, in their order, to (B, D); of a mean divided by how many they are. A bag of no ids is 0.
 * The number of an id's bag is how many bags have begun before it: ones are added up at the places where bags begin.
 */
function pool(
  nodes: OnnxNodes,
  values: string,
  { offsets, pooling }: NonNullable<IdBlock['bag']>,
  dim: number,
): string {
  const int64 = onnxTypeNumber('int64');
  const from = (start: number, end: number, of = offsets) =>
    nodes.node('Slice', [of, nodes.integers([start]), nodes.integers([end])]);
  const [zero, one] = [nodes.integers([0], []), nodes.integers([1], [])];
  const END = 2 ** 31;
  const count = nodes.node('Slice', [
    nodes.node('Shape', [values]),
    nodes.integers([0]),
    nodes.integers([1]),
  ]);
  const none = nodes.node('Cast', [nodes.node('ConstantOfShape', [nodes.node('Add', [count, one])])], {
    to: int64,
  });
  const inner = from(1, -1);
  const ones = nodes.node('Add', [nodes.node('Mul', [inner, zero]), one]);
  const marks = nodes.node('ScatterElements', [none, inner, ones], { axis: 0, reduction: 'add' });
  const bags = from(0, -1, nodes.node('CumSum', [marks, zero]));
  const column = nodes.node('Unsqueeze', [bags, nodes.integers([1])]);
  const indices = nodes.node('Expand', [column, nodes.node('Shape', [values])]);
  const shape = nodes.node('Concat', [nodes.node('Shape', [from(0, -1)]), nodes.integers([dim])], {
    axis: 0,
  });
  const empty = nodes.node('ConstantOfShape', [shape]);
  const sums = nodes.node('ScatterElements', [empty, indices, values], { axis: 0, reduction: 'add' });
  if (pooling === 'sum') return sums;
  const lengths = nodes.node('Cast', [nodes.node('Sub', [from(1, END), from(0, -1)])], {
    to: onnxTypeNumber('float32'),
  });
  const divisors = nodes.node('Unsqueeze', [
    nodes.node('Max', [lengths, nodes.floats([1], [])]),
    nodes.integers([1]),
  ]);
  return nodes.node('Div', [sums, divisors]);
}
