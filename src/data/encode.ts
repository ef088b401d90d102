// Values → ids: joins the row table with the vocabularies, as many fields at a time as the memory allows, and puts
// the rows in stored order. Each group of fields becomes a table whose rows stand in the same order as those of the
// others, so that the columns can be put side by side again without a join.
import type { Field } from '../schema/schema.js';
import { identifier } from '../schema/sql.js';
import { isList } from '../schema/transformation.js';
import { encodeBags } from './bags.js';
import type { Database } from './database.js';
import { cutBySize } from './memory-limit.js';
import { plainColumns, type RowPlan } from './row-table.js';
import type { SizedVocabulary } from './vocabulary.js';

/** A field with the vocabulary that gives its ids. */
export interface LookedUp {
  field: Field;
  from: SizedVocabulary;
}

/** Roughly what one value takes in a hash table of a join. */
const bytesPerEntry = 64;
const bytesPerKey = 24;

/** Cuts the fields, in their order, into groups whose vocabularies fit into a quarter of the memory together. */
export function groupFields(fields: readonly LookedUp[], memoryBytes: number): LookedUp[][] {
  const bytesOf = ({ from: { size, rare, vocabulary } }: LookedUp) =>
    (size + rare) * (bytesPerEntry + bytesPerKey * vocabulary.keys[0].keys.length);
  return cutBySize(fields, bytesOf, memoryBytes);
}

/** Columns of the encoded tables that no field can have the name of. */
const own = {
  split: identifier('split of row'),
  label: identifier('label of row'),
};

/** Makes the table `name` with split, label and one column of ids per field, in stored order. The first of the tables
 * (`isFirst`) also has the columns that are copied as they are. */
export async function encodeGroup(
  database: Database,
  name: string,
  { fields, isFirst }: { fields: readonly LookedUp[]; isFirst: boolean },
  plan: RowPlan,
  memoryBytes: number,
  onFraction: (fraction: number) => void,
): Promise<void> {
  const columns = plainColumns(plan.schema)
    .filter(() => isFirst)
    .map(({ stored, name }) => `rows.${stored} AS ${identifier(name)}`);
  const joins: string[] = [];
  for (const [i, { field, from }] of fields.entries()) {
    const { value, joined } = await joinField(database, `t${i}`, field, from, memoryBytes);
    columns.push(`${value} AS ${identifier(field.name)}`);
    joins.push(joined);
  }
  await database.run(
    `CREATE TABLE ${name} AS SELECT rows.split AS ${own.split}, rows.label AS ${own.label},
       ${columns.join(', ')}
     FROM rows ${joins.join(' ')} ORDER BY rows.split, rows.stored, rows.row`,
    onFraction,
  );
  for (const { field } of fields)
    if (isList(field.value)) await database.run(`DROP TABLE ${bagTable(field)}`);
}

/** The SQL that joins a field's ids to the row table as `t`, and that of the ids. */
async function joinField(
  database: Database,
  t: string,
  field: Field,
  { vocabulary, lookup }: SizedVocabulary,
  memoryBytes: number,
): Promise<{ value: string; joined: string }> {
  const { keys, neverNull } = vocabulary.keys[vocabulary.fields.findIndex(({ name }) => name === field.name)];
  if (isList(field.value)) {
    await encodeBags(database, bagTable(field), lookup, keys[0], memoryBytes);
    return { value: `${t}.ids`, joined: `JOIN ${bagTable(field)} AS ${t} ON rows.row = ${t}.row` };
  }
  // Every key that is never NULL is in its table, so that a row finds exactly one: then keys of a small range index an array.
  const same = keys.map((key, k) => `${key} ${neverNull ? '=' : 'IS NOT DISTINCT FROM'} ${t}.k${k}`);
  return {
    value: neverNull ? `${t}.id` : `coalesce(${t}.id, 0)`,
    joined: `${neverNull ? '' : 'LEFT'} JOIN (${lookup}) AS ${t} ON ${same.join(' AND ')}`,
  };
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
