// What a field is looked up by: key columns k0, k1, … over the row table, a tuple of which is equal exactly when the
// field's value is. Three kinds:
//
//   packed  tuples of codes as whole numbers, for crosses and for values that are also parts of crosses
//   plain   the key of the one value
//   text    where fields that may be of different make share a vocabulary, and for lists
import type { Field } from '../schema/schema.js';
import { crossSql, keyTextSql } from '../schema/sql.js';
import { crossParts } from '../schema/transformation.js';
import type { Code, Codes } from './codes.js';
import { type RowPlan, sharesVocabulary } from './row-table.js';

export interface FieldKeys {
  /** SQL over the row table. */
  keys: string[];
  /** Whether a missing value has a key too, so that keys compare by `=`. */
  neverNull: boolean;
  /** SQL of the value as text over k0, k1, … and what `joins` adds. */
  value: string;
  joins: string;
  /** SQL that orders by value, bytes of UTF-8 and missing first, as `value` may be used in. */
  order: string;
  /** Where keys are packed: the columns of the row table that they hold, with the SQL that takes them out again. */
  columns: ReadonlyMap<string, string>;
}

const unpacked: ReadonlyMap<string, string> = new Map();

/** A number has as many parts as fit into so many bits: products of sizes are then whole in float64, too. */
const keyBits = 53;

export function fieldKeys(plan: RowPlan, field: Field, codes: Codes): FieldKeys {
  const { value } = field;
  const indexes = plan.indexesOf(value);
  const found = indexes.map((i) => codes.get(i));
  const order = 'value NULLS FIRST';
  if (!sharesVocabulary(plan.schema, field) && found.every((code) => code !== undefined)) {
    return packed(found, value.kind === 'cross');
  }
  const columns = indexes.map((i) => `v${i}`);
  const texts = crossParts(value).map((part, i) => keyTextSql(part, columns[i]));
  if (value.kind === 'cross') {
    return { keys: [crossSql(texts)], neverNull: true, value: 'k0', joins: '', order, columns: unpacked };
  }
  if (sharesVocabulary(plan.schema, field)) {
    return { keys: texts, neverNull: false, value: 'k0', joins: '', order, columns: unpacked };
  }
  return {
    keys: columns,
    neverNull: false,
    value: keyTextSql(crossParts(value)[0], 'k0'),
    joins: '',
    order,
    columns: unpacked,
  };
}

function packed(parts: readonly Code[], isCross: boolean): FieldKeys {
  const columns = parts.map(({ column, lastColumn }, i) =>
    isCross && i < parts.length - 1 ? column : lastColumn,
  );
  const numbers = packing(parts.map(({ size }) => size));
  const keys = numbers.map((part) => {
    const [first, ...others] = part;
    const type = first.size * first.below < 2 ** 32 ? 'UINTEGER' : 'BIGINT';
    const start = `CAST(${columns[first.index]} AS ${type})`;
    return others.reduce((sql, { index, size }) => `(${sql} * ${size} + ${columns[index]})`, start);
  });
  const taken = numbers.flatMap((part, k) =>
    part.map(({ index, size, below }) => [columns[index], `(k${k} // ${below}) % ${size}`] as const),
  );
  const joins = parts.map(({ dictionary, column }, i) => {
    const side = columns[i] === column ? 'code' : 'last_code';
    return `JOIN ${dictionary} AS p${i} ON p${i}.${side} = ${taken[i][1]}`;
  });
  const value = isCross ? parts.map((_, i) => `p${i}.escaped`).join(` || '|' || `) : 'p0.value';
  return {
    keys,
    neverNull: true,
    value,
    joins: joins.join(' '),
    order: isCross ? keys.map((_, k) => `k${k}`).join(', ') : 'value NULLS FIRST',
    columns: new Map(taken),
  };
}

interface PackedPart {
  index: number;
  size: number;
  /** Product of the sizes of the parts behind it in the same number. */
  below: number;
}

/** Parts of these sizes, put into as few numbers as hold them, in their order. */
export function packing(sizes: readonly number[]): PackedPart[][] {
  const numbers: PackedPart[][] = [];
  let bits = 0;
  for (const [index, size] of sizes.entries()) {
    const more = Math.ceil(Math.log2(size));
    if (numbers.length === 0 || bits + more > keyBits) {
      numbers.push([]);
      bits = 0;
    }
    bits += more;
    numbers[numbers.length - 1].push({ index, size, below: 1 });
  }
  for (const number of numbers) {
    for (let i = number.length - 2; i >= 0; i--) number[i].below = number[i + 1].below * number[i + 1].size;
  }
  return numbers;
}
