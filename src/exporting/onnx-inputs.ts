// The inputs of an exported model: for each field the ids of its vocabulary, as the encoded data has them, and the numeric
// block as raw numbers.
//
//   FIELD             int64 (B)      one id a row; 0 is OOV, and so is any id that the vocabulary does not have
//   FIELD             int64 (T)      of a bag, the ids of all rows one after another
//   FIELD.offsets     int64 (B + 1)  of a bag: row b has the ids offsets[b] … offsets[b + 1] − 1
//   numbers           float64 (B, N) raw numbers in the order of the schema; NaN is a missing one
import { UserError } from '../errors.js';
import { onnxTypeNumber } from '../graph/onnx-model.js';
import type { NumberStatistics } from '../schema/number-input.js';
import type { Pooling } from '../schema/schema.js';
import type { ExportSubject } from './exporter.js';
import { INTERNAL, type OnnxNodes } from './onnx-nodes.js';

export const NUMBERS = 'numbers';
export const outputNames = { logits: 'logits', probabilities: 'probabilities' } as const;

/** A field of the data as a model's input. */
export interface FieldInput {
  readonly name: string;
  /** Number of its vocabulary, and how many ids that has. */
  readonly vocabulary: number;
  readonly size: number;
  /** Of a bag, else null. */
  readonly pooling: Pooling | null;
}

/** Ids that rows are looked up by, all of them known to their vocabularies. */
export interface IdBlock {
  /** Numbers of the fields. */
  readonly fields: readonly number[];
  /** (B, fields), or of a bag (T). */
  readonly ids: string;
  readonly rank: 1 | 2;
  /** Of a bag. */
  readonly bag: { readonly offsets: string; readonly pooling: Pooling } | null;
}

/** The name of the input with the places where a field's bags begin. */
export function offsetsInput(field: string): string {
  return `${field}.offsets`;
}

/** The inputs of the fields, in their order. */
export function fieldInputs({ run }: Pick<ExportSubject, 'run'>): FieldInput[] {
  const { fields, fieldVocabularies, vocabularySizes, poolings } = run.directory.run.dataset;
  return fields.map((name, f) => ({
    name,
    vocabulary: fieldVocabularies[f],
    size: vocabularySizes[fieldVocabularies[f]],
    pooling: poolings?.[f] ?? null,
  }));
}

/** @throws UserError when two inputs, or an input and an output, would have the same name */
export function requireDistinctNames(fields: readonly FieldInput[], hasNumbers: boolean): void {
  const known = new Map<string, string>(Object.values(outputNames).map((name) => [name, 'an output']));
  if (hasNumbers) known.set(NUMBERS, 'the numeric block');
  const take = (name: string, what: string) => {
    const other = name.startsWith(INTERNAL) ? 'the inner nodes' : known.get(name);
    if (other !== undefined) {
      throw new UserError(
        `The ONNX model cannot call ${what} '${name}': ${other} of the model is called so.`,
        'give the field another name in the schema, or export a bundle',
      );
    }
    known.set(name, what);
  };
  for (const { name, pooling } of fields) {
    take(name, `the input of field`);
    if (pooling !== null) take(offsetsInput(name), `the offsets of field`);
  }
}

/** Declares the ids of all fields: a block of those with one id a row, and one of each bag. */
export function idInputs(nodes: OnnxNodes, fields: readonly FieldInput[]): IdBlock[] {
  const plain = fields.flatMap(({ pooling }, f) => (pooling === null ? [f] : []));
  const columns = new Map<number, string>();
  const bags: IdBlock[] = [];
  // Inputs are declared in the order of the fields, whichever block they go to.
  for (const [f, { name, pooling, size }] of fields.entries()) {
    if (pooling === null) {
      columns.set(f, nodes.input(name, 'int64', ['B']));
      continue;
    }
    const ids = nodes.input(name, 'int64', [`ids of ${name}`]);
    const offsets = nodes.input(offsetsInput(name), 'int64', ['B + 1']);
    bags.push({ fields: [f], ids: knownIds(nodes, ids, [size]), rank: 1, bag: { offsets, pooling } });
  }
  if (plain.length === 0) return bags;
  const axis = nodes.integers([1]);
  const parts = plain.map((f) => nodes.node('Unsqueeze', [columns.get(f) ?? '', axis]));
  const block = parts.length === 1 ? parts[0] : nodes.node('Concat', parts, { axis: 1 });
  const ids = knownIds(
    nodes,
    block,
    plain.map((f) => fields[f].size),
  );
  return [{ fields: plain, ids, rank: 2, bag: null }, ...bags];
}

/** 0 in place of ids outside their vocabularies. */
function knownIds(nodes: OnnxNodes, ids: string, sizes: readonly number[]): string {
  const zero = nodes.integers([0], []);
  const known = nodes.node('And', [
    nodes.node('GreaterOrEqual', [ids, zero]),
    nodes.node('Less', [ids, nodes.integers(sizes)]),
  ]);
  return nodes.node('Where', [known, ids, zero]);
}

/** The numeric block as the network sees it: float32 (B, N), transformed and standardised in float64, a missing one 0. */
export function numberInputs(nodes: OnnxNodes, numbers: readonly NumberStatistics[]): string {
  const raw = nodes.input(NUMBERS, 'float64', ['B', numbers.length]);
  const isLog = numbers.map(({ transform }) => transform === 'log');
  const mean = nodes.doubles(numbers.map(({ mean }) => mean));
  const deviation = nodes.doubles(numbers.map(({ deviation }) => deviation));
  const centered = nodes.node('Sub', [isLog.includes(true) ? logs() : raw, mean]);
  const standard = nodes.node('Div', [centered, deviation]);
  const filled = nodes.node('Where', [nodes.node('IsNaN', [raw]), nodes.doubles([0], []), standard]);
  return nodes.node('Cast', [filled], { to: onnxTypeNumber('float32') });

  /** sign(x) · ln(1 + |x|) in the columns that ask for it. */
  function logs(): string {
    const one = nodes.doubles([1], []);
    const log = nodes.node('Log', [nodes.node('Add', [nodes.node('Abs', [raw]), one])]);
    const signed = nodes.node('Mul', [nodes.node('Sign', [raw]), log]);
    if (!isLog.includes(false)) return signed;
    const mask = nodes.doubles(isLog.map(Number));
    return nodes.node('Where', [nodes.node('Greater', [mask, nodes.doubles([0], [])]), signed, raw]);
  }
}
