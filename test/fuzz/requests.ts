// The readers of requests, and what must hold of whatever they are given: rows whose cells are cells, or a 4xx with a
// short sentence; and nothing else of the process is changed by it.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cellText } from '../../src/schema/cell.js';
import type { RawRow } from '../../src/schema/rows.js';
import { type CellTexts, RowTexts, startOf } from '../../src/scoring/row-texts.js';
import { readInferRequest } from '../../src/serving/infer-protocol.js';
import { modelColumns } from '../../src/serving/model-columns.js';
import { type ReadingRules, readRows } from '../../src/serving/predict-protocol.js';
import { RequestError } from '../../src/serving/request-error.js';
import { fakeSchema } from '../serving-fakes.js';
import type { HeaderFormat } from './mutate.js';

export const requestRules: ReadingRules = { rows: 10, textLength: 100, ignoreUnknown: false };
const columns = modelColumns(fakeSchema);

/** A protocol, by its reader. */
export const requestReaders = {
  infer: (text: string, rules = requestRules): readonly RawRow[] =>
    readInferRequest(Buffer.from(text), columns, rules).rows,
  predict(text: string, rules = requestRules): readonly RawRow[] {
    const body = Buffer.from(text);
    const scanned = columns.scanner.scan(body, rules);
    if (!scanned) return readRows(body, columns, rules);
    const rows = acceptedRows(body, rules);
    if (!isSame(scanned, RowTexts.of(rows, columns.inputs)))
      throw new Error(`Other cells were scanned: ${text}`);
    return rows;
  },
} as const;

/** What the scanner takes, the reader of everything takes as well. */
function acceptedRows(body: Buffer, rules: ReadingRules): readonly RawRow[] {
  try {
    return readRows(body, columns, rules);
  } catch (error) {
    throw new Error(`Scanned, though it is refused: ${error}`);
  }
}

function isSame(a: CellTexts, b: CellTexts): boolean {
  const cells = a.rows * columns.inputs.length;
  const bytes = startOf(a.ends, cells);
  return (
    a.rows === b.rows &&
    Buffer.from(a.ends.slice(0, cells)).equals(Buffer.from(b.ends.slice(0, cells))) &&
    startOf(b.ends, cells) === bytes &&
    Buffer.from(a.text.slice(0, bytes)).equals(Buffer.from(b.text.slice(0, bytes)))
  );
}

export type Protocol = keyof typeof requestReaders;

/** What damage is made of. */
export const requestFormat: HeaderFormat = {
  tokens: [
    '"inputs"',
    '"name"',
    '"user"',
    '"size"',
    '"datatype"',
    '"BYTES"',
    '"INT64"',
    '"FP32"',
    '"shape"',
    '"data"',
    '"outputs"',
    '"parameters"',
    '"__proto__"',
    '"constructor"',
    'null',
    'true',
    '[',
    ']',
    '{',
    '}',
    ',',
    ':',
    '[[1]]',
    '{}',
    '1e999',
    '-0',
    '"\\ud800"',
  ],
  repairLength() {},
};

const corpus = fileURLToPath(new URL('../../../test/corpus/requests', import.meta.url));

export function savedRequests(protocol: Protocol): { name: string; bytes: Uint8Array; isRead: boolean }[] {
  return (['read', 'refused'] as const).flatMap((outcome) => {
    const folder = join(corpus, protocol, outcome);
    return readdirSync(folder).map((name) => ({
      name: `${outcome}/${name}`,
      bytes: readFileSync(join(folder, name)),
      isRead: outcome === 'read',
    }));
  });
}

/** The sentence that a request is refused with, undefined where it is read. @throws where a rule is broken */
export function requestRefusal(
  protocol: Protocol,
  text: string,
  rules: ReadingRules = requestRules,
): string | undefined {
  const refusal = refusalOf(protocol, text, rules);
  const polluted = Object.getOwnPropertyNames(Object.prototype).length !== propertiesOfAll;
  if (polluted) throw new Error('The prototype of all objects was changed.');
  return refusal;
}

const propertiesOfAll = Object.getOwnPropertyNames(Object.prototype).length;

function refusalOf(protocol: Protocol, text: string, rules: ReadingRules): string | undefined {
  try {
    const rows = requestReaders[protocol](text, rules);
    if (rows.length < 1 || rows.length > rules.rows) throw new Error(`${rows.length} rows were read.`);
    for (const row of rows) {
      if (Object.getPrototypeOf(row) !== Object.prototype)
        throw new Error('A row has a prototype of its own.');
      for (const column of columns.known) cellText(row[column], column);
    }
    return undefined;
  } catch (error) {
    if (!(error instanceof RequestError)) throw error;
    if (error.status !== 400 || error.message.length > 1000)
      throw new Error(`Refused with '${error.message}'.`);
    return error.message;
  }
}
