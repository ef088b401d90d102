// A schema file for a file that has none: what --print-schema prints. Every line says why it stands there. It is a
// proposal, since nothing in a file says what a column means; but `prepare` takes it as it is.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { UserError } from '../errors.js';
import { type ColumnProfile, parquetColumns, profileColumns, thresholds } from './column-profile.js';
import { csvHeader } from './csv-parts.js';
import { openDatabase } from './database.js';
import type { RawFormat } from './datasets/dataset.js';
import { givenFiles } from './datasets/inputs.js';
import { defaultMemoryBytes } from './memory-limit.js';
import type { FileKind } from './schema-file.js';

export interface ProposeOptions {
  kind: FileKind;
  input: readonly string[];
  /** Rows to look at, the first ones of the first file. Default: a million. */
  rows?: number | undefined;
  memoryBytes?: number | undefined;
  signal?: AbortSignal | undefined;
}

/** Proposes a schema file. @throws UserError when the file cannot be read, or has no column that could be the label */
export async function proposeSchema(options: ProposeOptions): Promise<string> {
  const { kind, rows: limit = 1e6, memoryBytes = defaultMemoryBytes(), signal } = options;
  const [file] = givenFiles(kind, options.input, 'a file');
  if (!file) throw new UserError('There is no input file.');
  const directory = await mkdtemp(join(tmpdir(), 'bitrow-schema-'));
  const database = await openDatabase({ directory, threads: 1, memoryBytes, signal });
  try {
    const header = kind === 'csv' ? await csvHeader(file.path, { kind, quotes: 'double' }) : null;
    const names = header ? header.columns : await parquetColumns(database, file.path);
    const format: RawFormat = header
      ? { kind: 'csv', separator: header.separator, quotes: 'double' }
      : { kind: 'parquet' };
    const { rows, columns } = await profileColumns(
      database,
      file,
      format,
      names.filter(Boolean),
      limit,
      signal,
    );
    if (rows === 0) throw new UserError(`The input file '${file.path}' has no rows that can be read.`);
    return write(basename(file.path), rows, rows === limit, columns, header?.separator);
  } finally {
    database.close();
    await rm(directory, { recursive: true, force: true });
  }
}

function write(
  file: string,
  rows: number,
  isSample: boolean,
  columns: readonly ColumnProfile[],
  separator: string | undefined,
): string {
  const label = findLabel(columns);
  const proposals = columns
    .filter(({ name }) => name !== label.column)
    .map((column) => propose(column, rows));
  const names = new Set<string>();
  const lines = proposals.flatMap(({ fields, comment, isLeftOut }) =>
    fields.map((field, i) => {
      const text = field(unique(names));
      return `${isLeftOut ? '  # ' : '  '}- ${text.padEnd(isLeftOut ? 42 : 44)} ${i === 0 ? `# ${comment}` : ''}`.trimEnd();
    }),
  );
  const used = proposals.filter(({ isLeftOut }) => !isLeftOut).flatMap(({ counted }) => counted);
  if (used.length === 0) throw new UserError(`No column of '${file}' could be a field.`);
  const total = (n: number) => used.reduce((sum, { kept }) => sum + (kept.get(n) ?? 0), 0);
  // A value that has few rows cannot be learned: on the average, four rows for each.
  const threshold = thresholds.find((n) => total(n) <= rows / 4) ?? thresholds.at(-1) ?? 1;
  const time = columns.find(({ days, name }) => days !== null && name !== label.column);
  return [
    `# Proposed by bitrow from ${isSample ? `the first ${count(rows)}` : `all ${count(rows)}`} rows of ${file}. What the columns mean, a file does not say:`,
    '# look it over. docs/schema.md tells what else a field can be.',
    '',
    `label: ${word(label.text)}  # ${label.comment}`,
    '',
    ...(separator === undefined ? [] : [`separator: ${JSON.stringify(separator)}`]),
    `# Values left: ${thresholds.map((n) => `${count(total(n))} seen ${n === 1 ? 'once' : `${n} times`} or more`).join(', ')}.`,
    `minCount: ${threshold}`,
    ...(time?.days
      ? [
          '# For --split time: rows of the last fifth of the days, in two halves.',
          `timeSplit: { column: ${word(time.name)}, format: ${time.time}, validation: '${time.days[0]}', test: '${time.days[1]}' }`,
        ]
      : []),
    '',
    'fields:',
    ...lines,
    '',
  ].join('\n');
}

const labelName =
  /^(label|target|y|click(s|ed)?|is_?click(ed)?|convert(ed|s)?|conversion|purchased?|bought|liked?|rating)$/i;
const positive = /^(1|true|yes|t|y)$/i;

const noLabel = 'NO COLUMN LOOKS LIKE A LABEL: put yours here';

function findLabel(columns: readonly ColumnProfile[]): { column: string; text: string; comment: string } {
  // The grammar of a comparison has no quotes around a column's name.
  const possible = columns.filter(({ name, filled }) => /^[^\s<>=!'"]+$/.test(name) && filled > 0);
  const binary = possible.filter(({ values }) => values === 2);
  const named = possible.find(({ name }) => labelName.test(name));
  const best = binary.find(({ name }) => labelName.test(name)) ?? named ?? binary[0];
  const column = best ?? possible.find(({ isNumber, time }) => isNumber && !time) ?? possible[0];
  if (!column)
    throw new UserError('No column could be the label.', 'write a schema by hand, see docs/schema.md');
  const { name, top, filled } = column;
  const share = (n: number) => `${((100 * n) / filled).toFixed(1)} % positive`;
  if (column.values !== 2 && column.isNumber && column.values <= 20) {
    const sorted = top.map(({ value }) => Number(value)).sort((a, b) => a - b);
    const middle = sorted[Math.floor((sorted.length * 3) / 5)] ?? 0;
    const positives = top.reduce((sum, { value, count: n }) => sum + (Number(value) >= middle ? n : 0), 0);
    return {
      column: name,
      text: `${name} >= ${middle}`,
      comment: `${column.values} values; ${share(positives)}`,
    };
  }
  if (!best && column.isNumber) {
    return { column: name, text: `${name} > ${top[0]?.value}`, comment: noLabel };
  }
  const hit = top.find(({ value }) => positive.test(value)) ?? top.at(-1);
  const comment = best
    ? `${column.values} values (${top
        .slice(0, 2)
        .map(({ value }) => value)
        .join(', ')}); ${share(hit?.count ?? 0)}`
    : noLabel;
  const value = column.isNumber ? hit?.value : `'${hit?.value.replaceAll("'", '')}'`;
  return { column: name, text: `${name} = ${value}`, comment };
}

interface Proposal {
  /** Texts of fields, given their names. */
  fields: ((name: (wanted: string) => string) => string)[];
  comment: string;
  isLeftOut: boolean;
  /** The columns whose values need ids. */
  counted: ColumnProfile[];
}

function propose(column: ColumnProfile, rows: number): Proposal {
  const { name, values, filled, once, time, isNumber, isInteger, listSeparator } = column;
  const missing = filled < rows ? `, ${percent(rows - filled, rows)} missing` : '';
  const seen = `${count(values)} ${values === 1 ? 'value' : 'values'}${once > 0 ? `, ${percent(once, values)} of them once` : ''}${missing}`;
  const plain = (fieldName: (wanted: string) => string) => {
    const given = fieldName(name);
    return given === name ? word(name) : `{ name: ${given}, column: ${word(name)} }`;
  };
  const leaveOut = (why: string): Proposal => ({
    fields: [plain],
    comment: `${seen}: ${why}`,
    isLeftOut: true,
    counted: [],
  });
  if (time) {
    const parts = ['hour', 'weekday', 'is_weekend'] as const;
    const fields = parts.map(
      (part) => (fieldName: (wanted: string) => string) =>
        `{ name: ${fieldName(`${name}_${part}`)}, time: ${word(name)}, format: ${time}, part: ${part} }`,
    );
    return { fields, comment: `${seen}; times`, isLeftOut: false, counted: [] };
  }
  if (values <= 1 && filled === rows) return leaveOut('tells no row from another');
  if (values === 0) return leaveOut('always missing');
  if (rows >= 100 && once > 0.9 * rows) {
    if (!isNumber || isInteger) return leaveOut('a new one in nearly every row');
  }
  if (isNumber && !/(^|_)id$|code$|zip/i.test(name) && (!isInteger || values > 1000)) {
    return {
      fields: [(fieldName) => `{ name: ${fieldName(name)}, bucket: ${word(name)} }`],
      comment: `${seen}; numbers`,
      isLeftOut: false,
      counted: [],
    };
  }
  const comment = listSeparator
    ? `${seen}; lists? { name: ${name}, split: ${word(name)}, separator: '${listSeparator}' }`
    : seen;
  return { fields: [plain], comment, isLeftOut: false, counted: [column] };
}

/** Names that fields may have, each once. */
function unique(taken: Set<string>): (wanted: string) => string {
  return (wanted) => {
    const safe = wanted.replace(/[^A-Za-z0-9_.-]/g, '_').replace(/^(?![A-Za-z])/, 'f_');
    const base = safe.toLowerCase() === 'label' ? 'f_label' : safe;
    let name = base;
    for (let i = 2; taken.has(name.toLowerCase()); i++) name = `${base}_${i}`;
    taken.add(name.toLowerCase());
    return name;
  };
}

/** A text as YAML. */
function word(text: string): string {
  const isPlain =
    /^[A-Za-z_][\w.-]*( (=|>=|>) [\w.-]+)?$/.test(text) &&
    !/^(true|false|null|yes|no|on|off|y|n)$/i.test(text);
  return isPlain ? text : JSON.stringify(text);
}

function count(n: number): string {
  return n.toLocaleString('en-US');
}

function percent(part: number, whole: number): string {
  return `${((100 * part) / whole).toFixed(part === whole ? 0 : 1)} %`;
}
