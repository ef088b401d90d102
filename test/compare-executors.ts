// Both executors over every row of a data set: what `prepare` wrote, which is SQL's, against the row functions and
// indexes on the same raw rows. Compares every id and every label.
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance, JSDuckDBValueConverter } from '@duckdb/node-api';
import { type Batch, readBatches } from '../src/batch/reader.js';
import { openDatabase } from '../src/data/database.js';
import type { InputFile, RawFormat } from '../src/data/datasets/dataset.js';
import { loadDataset } from '../src/data/encoded-dataset.js';
import { splitNames } from '../src/data/manifest.js';
import { readRawRows } from '../src/data/raw-rows.js';
import { readVocabularyIndex } from '../src/formats/vocabulary-index-file.js';
import type { Cell } from '../src/schema/cell.js';
import { labelReader, type RawRow } from '../src/schema/rows.js';
import { columnsOf, parseSchema } from '../src/schema/schema.js';
import { RowEncoder } from '../src/scoring/row-encoder.js';
import { RowTexts } from '../src/scoring/row-texts.js';

export interface Comparison {
  rows: number;
  fields: number;
  /** Ids or labels that differ. */
  differences: number;
  /** Rows read once more as typed cells (times, bigints, numbers), where the file has types. */
  typedRows: number;
  /** What the row functions and look-ups alone took, for all rows. */
  functionSeconds: number;
}

/** Compares a prepared data set with the raw files that it was made of, of the format that it is known to have. */
export async function compareExecutors(
  data: string,
  files: readonly InputFile[],
  format: RawFormat,
): Promise<Comparison> {
  const dataset = await loadDataset(data);
  const { manifest } = dataset;
  const schema = parseSchema(manifest.schema);
  const indexes = new Map<string, Awaited<ReturnType<typeof readVocabularyIndex>>>();
  for (const { name, index } of manifest.vocabularies) {
    indexes.set(name, await readVocabularyIndex(join(data, index.file), index.sha256));
  }
  const encode = rowEncoder(new RowEncoder({ schema, indexes }), schema.fields.length);
  const label = labelReader(schema.label);
  const rows = manifest.splits.reduce((sum, split) => sum + split.rows, 0);
  const F = schema.fields.length;
  const encoded = new EncodedRows(rows, F);
  const labels = new Uint8Array(rows);
  const columns = columnsOf(schema);
  let functionMs = 0;

  const directory = mkdtempSync(join(tmpdir(), 'bitrow-compare-'));
  const database = await openDatabase({ directory, threads: 2, memoryBytes: 1e9 });
  try {
    const row: Record<string, Cell> = {};
    let next = 0;
    for await (const block of readRawRows(files, format, { database, schema, columns })) {
      const began = performance.now();
      for (let i = 0; i < block.rows && next < rows; i++, next++) {
        for (const column of columns) row[column] = block.columns.get(column)?.[i];
        encoded.add(encode(row));
        labels[next] = label(row);
      }
      functionMs += performance.now() - began;
      if (next === rows) break;
    }
  } finally {
    database.close();
    rmSync(directory, { recursive: true });
  }

  let differences = 0;
  let typedRows = 0;
  if (format.kind === 'parquet') {
    for await (const row of typedCells(files[0].path, columns, rows)) {
      const { ids, ends } = encode(row);
      differences += encoded.differences(typedRows, ids, 0, ends);
      if (label(row) !== labels[typedRows]) differences++;
      typedRows++;
    }
  }

  const splitOf = splitRule(String(manifest.options.split), manifest.seed, manifest.input);
  for (const { name } of manifest.splits) {
    const stored = inStoredOrder(rows, splitNames.indexOf(name), splitOf, manifest.seed);
    let at = 0;
    for await (const batch of readBatches(dataset, { split: name, batchSize: 60_000, order: 'stored' })) {
      for (let b = 0; b < batch.rows; b++, at++) {
        if (batch.labels[b] !== labels[stored[at]]) differences++;
        const [first, ends] = idsOf(batch, b, F);
        differences += encoded.differences(stored[at], batch.ids, first, ends);
      }
    }
    if (at !== stored.length) throw new Error(`Split ${name} has ${at} rows, not ${stored.length}.`);
  }
  return { rows, fields: F, differences, typedRows, functionSeconds: functionMs / 1000 };
}

/** The ids of one row, and where each field's end (F), lent until the next. */
interface EncodedRow {
  ids: Uint32Array;
  ends: Uint32Array;
}

function rowEncoder(encoder: RowEncoder, F: number): (row: RawRow) => EncodedRow {
  const texts = new RowTexts(encoder.columns.length);
  return (row) => {
    texts.clear();
    texts.addRow(row, encoder.columns);
    const { ids, offsets, refused } = encoder.encode(texts, 0);
    if (refused.length > 0) throw new Error(`A row was refused: ${JSON.stringify(refused[0].reason)}.`);
    return { ids, ends: offsets.subarray(1, F + 1) };
  };
}

/** The ids of a row of a batch: where they start, and where each field's end, from there (F). */
function idsOf({ offsets }: Batch, row: number, fields: number): [first: number, ends: Uint32Array] {
  const segment = row * fields;
  if (!offsets) return [segment, Uint32Array.from({ length: fields }, (_, f) => f + 1)];
  const first = offsets[segment];
  return [first, offsets.subarray(segment + 1, segment + fields + 1).map((end) => end - first)];
}

/** The ids of all rows, as the row functions and indexes gave them. */
class EncodedRows {
  private ids: Uint32Array;
  private readonly starts: Uint32Array; // (rows)
  private readonly ends: Uint32Array; // (rows, F)
  private rows = 0;
  private used = 0;

  constructor(
    rows: number,
    private readonly fields: number,
  ) {
    this.ids = new Uint32Array(rows * fields);
    this.starts = new Uint32Array(rows);
    this.ends = new Uint32Array(rows * fields);
  }

  add({ ids, ends }: EncodedRow): void {
    const count = ends[this.fields - 1];
    if (this.used + count > this.ids.length) {
      const grown = new Uint32Array(2 * this.ids.length + count);
      grown.set(this.ids);
      this.ids = grown;
    }
    this.ids.set(ids.subarray(0, count), this.used);
    this.ends.set(ends, this.rows * this.fields);
    this.starts[this.rows++] = this.used;
    this.used += count;
  }

  /** Ids that a row does not share with `ids` from `first` on; fields of unequal length count as one. */
  differences(row: number, ids: Uint32Array, first: number, ends: Uint32Array): number {
    const { fields, starts } = this;
    let different = 0;
    for (let f = 0, at = 0; f < fields; f++) {
      if (this.ends[row * fields + f] !== ends[f]) different++;
      for (; at < ends[f]; at++) if (this.ids[starts[row] + at] !== ids[first + at]) different++;
    }
    return different;
  }
}

/** The first rows of a Parquet file, their cells as JavaScript has them. */
async function* typedCells(path: string, columns: readonly string[], rows: number): AsyncGenerator<RawRow> {
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  try {
    const list = columns.map((name) => `"${name}"`).join(', ');
    const result = await connection.stream(
      `SELECT ${list} FROM read_parquet('${path}', file_row_number = true) WHERE file_row_number < ${rows}`,
    );
    for (;;) {
      const chunk = await result.fetchChunk();
      if (chunk === null || chunk.rowCount === 0) return;
      const values = chunk.convertColumns(JSDuckDBValueConverter) as Cell[][];
      for (let i = 0; i < chunk.rowCount; i++) {
        yield Object.fromEntries(columns.map((name, c) => [name, values[c][i]]));
      }
    }
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

/** The split of a row by its number, as data/split.ts states it. */
function splitRule(
  rule: string,
  seed: number,
  input: readonly { rows: number }[],
): (row: number, hash: string) => number {
  const tenths = (n: number) => (n < 8 ? 0 : n - 7);
  if (rule === 'modulus') return (row) => tenths(row % 10);
  if (rule === 'random') return (_row, hash) => tenths(Number.parseInt(hash.slice(24), 16) % 10);
  // Files in the order of the splits.
  if (rule === 'files')
    return (row) => (row < input[0].rows ? 0 : row < input[0].rows + input[1].rows ? 1 : 2);
  throw new Error(`The split ${rule} of seed ${seed} is not compared.`);
}

function inStoredOrder(
  rows: number,
  split: number,
  splitOf: (row: number, hash: string) => number,
  seed: number,
): number[] {
  const keyed: { row: number; key: string }[] = [];
  for (let row = 0; row < rows; row++) {
    const hash = createHash('md5').update(`${seed}:${row}`).digest('hex');
    if (splitOf(row, hash) === split) keyed.push({ row, key: hash.slice(0, 16) });
  }
  return keyed.sort((a, b) => (a.key < b.key ? -1 : 1)).map(({ row }) => row);
}
