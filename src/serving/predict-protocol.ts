// POST /predict, for people: an array of rows as objects in, arrays of probabilities and logits out.
//
//   [{ "user": "u1", "hour": 20 }, …]  →  { "model", "version", "probabilities": […], "logits": […], "oov": { "user": 1 } }
import type { RawRow } from '../schema/rows.js';
import type { Prediction } from '../scoring/open.js';
import { type CellTexts, RowTexts } from '../scoring/row-texts.js';
import { plainCell, plainCells, shownValue } from './cells.js';
import { parseJson, requireUniqueKeys } from './json-body.js';
import type { Limits } from './limits.js';
import type { ModelColumns } from './model-columns.js';
import { badRequest } from './request-error.js';

/** How strictly requests are read. */
export type ReadingRules = Pick<Limits, 'rows' | 'textLength'> & {
  /** Whether fields that the model does not know, and fields that stand twice, are let pass. */
  ignoreUnknown: boolean;
};

/** The rows of a request. @throws RequestError naming row and column */
export function readPredictRequest(body: Buffer, columns: ModelColumns, rules: ReadingRules): CellTexts {
  return columns.scanner.scan(body, rules) ?? RowTexts.of(readRows(body, columns, rules), columns.inputs);
}

/** The rows of a request that is not as they usually are: its objects as JSON.parse has them. @throws RequestError */
export function readRows(
  bytes: Buffer,
  { known }: Pick<ModelColumns, 'known'>,
  rules: ReadingRules,
): RawRow[] {
  const text = bytes.toString();
  const body = parseJson(text);
  if (!Array.isArray(body)) {
    throw badRequest(
      `The body is ${shownValue(body)}, but must be an array of rows: [{"column": value, …}, …].`,
    );
  }
  requireRowCount(body.length, rules.rows);
  const { textLength, ignoreUnknown } = rules;
  let keys = 0;
  for (let i = 0; i < body.length; i++) {
    const row: unknown = body[i];
    if (typeof row !== 'object' || row === null || Array.isArray(row)) {
      throw badRequest(`Row ${i} is ${shownValue(row)}, but must be an object of columns.`);
    }
    for (const column in row) {
      keys++;
      if (!known.has(column)) {
        if (ignoreUnknown) continue;
        throw unknownColumn(`Row ${i}`, column, known);
      }
      const value: unknown = (row as Record<string, unknown>)[column];
      if (plainCell(value, textLength) === undefined) {
        throw badRequest(
          `Row ${i}, column '${column}': found ${shownValue(value)}, expected ${plainCells(textLength)}.`,
        );
      }
    }
  }
  if (!ignoreUnknown) requireUniqueKeys(text, keys);
  return body as RawRow[];
}

/** @throws RequestError */
export function requireRowCount(rows: number, most: number): void {
  if (rows < 1 || rows > most) throw badRequest(`The request has ${rows} rows (allowed: 1 to ${most}).`);
}

export function unknownColumn(place: string, column: string, known: ReadonlySet<string>) {
  return badRequest(
    `${place} has the unknown column '${shortened(column)}' (known: ${[...known].join(', ')}).`,
  );
}

/** A name that a client chose, short enough for a sentence. */
export function shortened(name: string): string {
  return name.length > 60 ? `${name.slice(0, 60)}…` : name;
}

/** The response, as JSON. @param oov the fields with OOV values alone */
export function predictResponse(
  model: string,
  version: string,
  { logits, probabilities, oov }: Prediction,
): string {
  let counts = '';
  for (const field in oov) {
    if (oov[field] > 0) counts += `${counts === '' ? '' : ','}${JSON.stringify(field)}:${oov[field]}`;
  }
  return `{"model":"${model}","version":"${version}","probabilities":${numbersJson(probabilities)},"logits":${numbersJson(logits)},"oov":{${counts}}}`;
}

/** Numbers as a JSON array, each with the digits that read back as itself. */
export function numbersJson(numbers: Float32Array): string {
  // `join` writes -0 as 0, which is another number.
  if (numbers.some((x) => Object.is(x, -0)))
    return `[${Array.from(numbers, (x) => (Object.is(x, -0) ? '-0' : x)).join(',')}]`;
  return `[${numbers.join(',')}]`;
}
