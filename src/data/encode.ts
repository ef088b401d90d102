// Values → ids: joins the row table with the vocabularies, as many fields at a time as the memory allows, and puts
// the rows in stored order. Each group of fields becomes a table whose rows stand in the same order as those of the
// others, so that the columns can be put side by side again without a join.
import type { Field } from '../schema/schema.js';
import { identifier } from '../schema/sql.js';
import { isList } from '../schema/transformation.js';
import { encodeBags } from './bags.js';
import type { Database } from './database.js';
import { plainColumns, type RowPlan } from './row-table.js';
import { keysOf, type Vocabulary } from './vocabulary.js';

export interface SizedVocabulary {
  vocabulary: Vocabulary;
  /** Ids, OOV included. */
  size: number;
  /** Values that are too rare to have an id. */
  rare: number;
}

/** Roughly what one value takes in a hash table of a join. */
const bytesPerEntry = 64;
const bytesPerKey = 24;

/** Cuts the fields, in their order, into groups whose vocabularies fit into a quarter of the memory together. */
export function groupFields(
  fields: readonly Field[],
  sizeOf: (field: Field) => SizedVocabulary,
  memoryBytes: number,
): Field[][] {
  const groups: Field[][] = [];
  let free = 0;
  for (const field of fields) {
    const { vocabulary, size } = sizeOf(field);
    const bytes = size * (bytesPerEntry + bytesPerKey * vocabulary.keys);
    if (bytes > free || groups.length === 0) {
      groups.push([]);
      free = memoryBytes / 4;
    }
    groups.at(-1)?.push(field);
    free -= bytes;
  }
  return groups;
}

/** Columns of the encoded tables that no field can have the name of. */
const own = { split: identifier('split of row'), label: identifier('label of row') };

/** Makes the table `name` with split, label and one column of ids per field, in stored order. The first of the tables
 * (`isFirst`) also has the columns that are copied as they are. */
export async function encodeGroup(
  database: Database,
  name: string,
  { fields, isFirst }: { fields: readonly Field[]; isFirst: boolean },
  vocabularyOf: (field: Field) => Vocabulary,
  plan: RowPlan,
  memoryBytes: number,
  onFraction: (fraction: number) => void,
): Promise<void> {
  const plain = plainColumns(plan.schema).filter(() => isFirst);
  const columns = [
    ...plain.map(({ stored, name }) => `rows.${stored} AS ${identifier(name)}`),
    ...fields.map(
      (field, i) =>
        `${isList(field.value) ? `t${i}.ids` : `coalesce(t${i}.id, 0)`} AS ${identifier(field.name)}`,
    ),
  ];
  const bags = fields.filter((field) => isList(field.value));
  for (const field of bags) {
    const { table } = vocabularyOf(field);
    await encodeBags(
      database,
      bagTable(field),
      { table, keys: keysOf(vocabularyOf(field), field, plan) },
      memoryBytes,
    );
  }
  const joins = fields.map((field, i) => {
    if (isList(field.value)) return `JOIN ${bagTable(field)} AS t${i} ON rows.row = t${i}.row`;
    const vocabulary = vocabularyOf(field);
    const keys = keysOf(vocabulary, field, plan);
    const same = keys.map((key, k) => `${key} IS NOT DISTINCT FROM t${i}.k${k}`);
    return `LEFT JOIN ${vocabulary.table} AS t${i} ON ${same.join(' AND ')}`;
  });
  await database.run(
    `CREATE TABLE ${name} AS SELECT rows.split AS ${own.split}, rows.label AS ${own.label}, ${columns.join(', ')}
     FROM rows ${joins.join(' ')} ORDER BY rows.split, rows.stored, rows.row`,
    onFraction,
  );
  for (const field of bags) await database.run(`DROP TABLE ${bagTable(field)}`);
}

function bagTable({ name }: Field): string {
  return identifier(`bags of ${name}`);
}

/** SQL of the encoded columns of those names and the label, of one split, in stored order. `groups` are the tables of
 * encodeGroup. */
export function encodedSql(groups: readonly string[], names: readonly string[], split: number): string {
  const [first] = groups;
  const columns = names.map(identifier).join(', ');
  return `SELECT ${first}.${own.label} AS label, ${columns} FROM ${groups.join(' POSITIONAL JOIN ')}
    WHERE ${first}.${own.split} = ${split}`;
}
