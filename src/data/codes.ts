import { escapedSql, keyTextSql } from '../schema/sql.js';
import type { Database } from './database.js';
import { cutBySize } from './memory-limit.js';
import { groupField, type RowPlan, sharesVocabulary } from './row-table.js';

/** What stands in the row table for a value that is part of a cross. */
export interface Code {
  /** Column with the code, 0 to size − 1; a missing value has one too. */
  column: string;
  /** Column with the code where the value is the last part. */
  lastColumn: string;
  size: number;
  /** Table: key, value (NULL for missing), escaped (as it stands in a cross), code, last_code. */
  dictionary: string;
}

/** The codes of the values that have one, by index in the plan's values. */
export type Codes = ReadonlyMap<number, Code>;

/** Roughly what one value takes in the hash table of a join, beside its key. */
const bytesPerEntry = 96;

/** The values to be coded: parts of crosses that have a vocabulary of their own. */
export function codedValues(plan: RowPlan): number[] {
  const crosses = plan.schema.fields.filter(
    (field) => field.value.kind === 'cross' && !sharesVocabulary(plan.schema, field),
  );
  return [...new Set(crosses.flatMap((field) => plan.indexesOf(field.value)))].sort((a, b) => a - b);
}

/** Puts codes in place of keys in the row table. */
export async function codeRows(database: Database, plan: RowPlan, memoryBytes: number): Promise<Codes> {
  const codes = new Map<number, Code>();
  const joins = new Map<number, string>();
  for (const i of codedValues(plan)) {
    const { code, hasMissing } = await makeDictionary(database, plan, i);
    codes.set(i, code);
    const same = hasMissing ? 'IS NOT DISTINCT FROM' : '=';
    joins.set(i, `JOIN ${code.dictionary} AS d${i} ON rows.v${i} ${same} d${i}.key`);
  }
  const needed = keptKeys(plan, codes);
  for (const part of cutBySize([...codes], ([, { size }]) => size * bytesPerEntry, memoryBytes)) {
    const columns = part.flatMap(([i, code]) => columnsOf(i, code));
    const dropped = part.flatMap(([i]) => (needed.has(i) ? [] : [`v${i}`]));
    const kept = dropped.length > 0 ? `rows.* EXCLUDE (${dropped.join(', ')})` : 'rows.*';
    await database.run(
      `CREATE TABLE coded AS SELECT ${[kept, ...columns].join(', ')}
       FROM rows ${part.map(([i]) => joins.get(i)).join(' ')}`,
    );
    await database.run('DROP TABLE rows; ALTER TABLE coded RENAME TO rows');
  }
  return codes;
}

/** The keys that are still looked at when rows have codes: of shared vocabularies, and of groups. */
function keptKeys(plan: RowPlan, codes: Codes): Set<number> {
  const { schema } = plan;
  const values = schema.fields.filter((field) => sharesVocabulary(schema, field)).map(({ value }) => value);
  if (schema.group !== undefined) values.push(groupField(schema.group).value);
  return new Set(values.flatMap((value) => plan.indexesOf(value)).filter((i) => codes.has(i)));
}

function columnsOf(i: number, { column, lastColumn, size }: Code): string[] {
  const type = size <= 2 ** 8 ? 'UTINYINT' : size <= 2 ** 16 ? 'USMALLINT' : 'UINTEGER';
  const columns = [`CAST(d${i}.code AS ${type}) AS ${column}`];
  if (lastColumn !== column) columns.push(`CAST(d${i}.last_code AS ${type}) AS ${lastColumn}`);
  return columns;
}

async function makeDictionary(
  database: Database,
  plan: RowPlan,
  i: number,
): Promise<{ code: Code; hasMissing: boolean }> {
  const dictionary = `dictionary${i}`;
  const value = keyTextSql(plan.values[i], 'key');
  const rank = (order: string) => `CAST(row_number() OVER (ORDER BY ${order}) - 1 AS UINTEGER)`;
  await database.run(`CREATE TABLE ${dictionary} AS
    SELECT *, ${rank(`escaped || '|'`)} AS code, ${rank('escaped')} AS last_code
    FROM (SELECT key, ${value} AS value, ${escapedSql(value)} AS escaped FROM (SELECT DISTINCT v${i} AS key FROM rows))`);
  const [found] = await database.query(
    `SELECT count(*) AS size, count(*) FILTER (key IS NULL) AS missing, count(*) FILTER (code <> last_code) AS moved
     FROM ${dictionary}`,
  );
  const column = `c${i}`;
  const lastColumn = Number(found?.moved) > 0 ? `l${i}` : column;
  return {
    code: { column, lastColumn, size: Number(found?.size), dictionary },
    hasMissing: Number(found?.missing) > 0,
  };
}
