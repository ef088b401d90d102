// The cells of a raw relation for the SQL executor: as text, which says what any cell means, and as they are where their type
// already is what that text would be read as.
/** SQL of a cell as text, as transformation.ts has it. `type` is the column's, in the words of DuckDB's DESCRIBE. */
export function cellSql(column: string, type: string): string {
  if (/^(DOUBLE|FLOAT)$|^DECIMAL\(\d+,[1-9]/.test(type)) return doubleTextSql(`CAST(${column} AS DOUBLE)`);
  // Other precisions, and points in time: the clock of UTC.
  if (/^TIMESTAMP(_|\b)/.test(type)) return `CAST(CAST(${column} AS TIMESTAMP) AS VARCHAR)`;
  return `CAST(${column} AS VARCHAR)`;
}

/** A cell whose type already is what its text would be read as, so that no text has to be written and read. */
export interface TypedCell {
  sql: string;
  holds: 'integer' | 'timestamp';
}
export type TypedCells = (name: string) => TypedCell | null;
export const noTypes: TypedCells = () => null;

/** A column of such a type; null for any other. */
export function typedCell(column: string, type: string): TypedCell | null {
  if (/^U?(TINY|SMALL|BIG)?INT(EGER)?$/.test(type)) return { sql: column, holds: 'integer' };
  if (/^TIMESTAMP(_|\b)/.test(type)) return { sql: `CAST(${column} AS TIMESTAMP)`, holds: 'timestamp' };
  return null;
}

/** DuckDB's own text of a DOUBLE, whole numbers below 2^63 excepted. */
function doubleTextSql(x: string): string {
  const isWhole = `${x} = trunc(${x}) AND abs(${x}) < 9223372036854775808e0`;
  return `CASE WHEN ${isWhole} THEN CAST(CAST(${x} AS BIGINT) AS VARCHAR) ELSE CAST(${x} AS VARCHAR) END`;
}
