// Lists of values → bags of ids, and what a reader must know of their sizes before it allocates.
//
// Grouping elements into lists is the one thing DuckDB does in memory alone, so it is done for a part of the rows at a
// time. The order of a list and elements that occur twice are kept.
import type { Field } from '../schema/schema.js';
import { identifier } from '../schema/sql.js';
import { isList } from '../schema/transformation.js';
import type { Database } from './database.js';
import type { Manifest } from './manifest.js';
import { elementsSql } from './vocabulary.js';

/** Roughly what one element takes while it is joined and grouped. */
const bytesPerElement = 256;

/** Makes the table `name` (row, ids UINTEGER[]) of a list field. `lookup` is SQL with the columns k0 and id, `column` that
 * of the row table. */
export async function encodeBags(
  database: Database,
  name: string,
  lookup: string,
  column: string,
  memoryBytes: number,
): Promise<void> {
  const elements = elementsSql(column);
  const [size] = await database.query(
    `SELECT count(*) AS rows, max(row) + 1 AS last, sum(len(${elements})) AS elements FROM rows`,
  );
  const perRow = Number(size?.elements) / Number(size?.rows);
  const partRows = Math.max(2048, Math.floor(memoryBytes / 4 / bytesPerElement / perRow));
  await database.run(`CREATE TABLE ${name} (row BIGINT, ids UINTEGER[])`);
  for (let first = 0; first < Number(size?.last); first += partRows) {
    await database.run(`INSERT INTO ${name}
      SELECT row, list(CAST(coalesce(t.id, 0) AS UINTEGER) ORDER BY place)
      FROM (SELECT row, unnest(list) AS element, generate_subscripts(list, 1) AS place
        FROM (SELECT row, ${elements} AS list FROM rows WHERE row >= ${first} AND row < ${first + partRows}))
      LEFT JOIN (${lookup}) AS t ON element IS NOT DISTINCT FROM t.k0 GROUP BY row`);
  }
}

/** The manifest's `mostIds` of encoded rows, given as SQL. */
export async function mostIds(database: Database, rows: string, fields: readonly Field[]): Promise<number[]> {
  const perRow = fields.map(({ name, value }) => (isList(value) ? `len(${identifier(name)})` : '1'));
  const sizes = await database.query(
    `SELECT ids, count(*) AS rows FROM (SELECT ${perRow.join(' + ')} AS ids FROM (${rows}))
     GROUP BY ids ORDER BY ids DESC`,
  );
  const most: number[] = [];
  let rowsSoFar = 0;
  let idsSoFar = 0;
  for (const size of sizes) {
    const [ids, count] = [Number(size.ids), Number(size.rows)];
    for (; 2 ** most.length <= rowsSoFar + count; ) {
      most.push(idsSoFar + ids * (2 ** most.length - rowsSoFar));
    }
    rowsSoFar += count;
    idsSoFar += ids * count;
  }
  if (rowsSoFar > 0) most.push(idsSoFar);
  return most;
}

/**
 * The most ids that `rows` rows of any split can have, in all fields together.
 *
 * @returns null where no field is a bag: then it is `rows` times the number of fields
 */
export function mostIdsOf(manifest: Manifest, rows: number): number | null {
  if (!manifest.fields.some(({ bag }) => bag)) return null;
  const ofSplits = manifest.splits.map(({ mostIds = [] }) => {
    const below = Math.floor(Math.log2(rows));
    const last = mostIds.length - 1;
    const [atLeast, atMost] = [mostIds[Math.min(below, last)] ?? 0, mostIds[Math.min(below + 1, last)] ?? 0];
    // Rows with the most ids come first, so the average of more rows is no higher.
    return Math.min(atMost, Math.floor((atLeast * rows) / 2 ** below));
  });
  return Math.max(rows * manifest.fields.length, ...ofSplits);
}
