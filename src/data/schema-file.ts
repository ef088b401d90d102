// A data set of one's own, from a YAML file: its schema, and how its files are written and split. Every mistake is
// named with its line and with what is known there. docs/schema.md is the page for people.
import * as z from 'zod';
import { UserError } from '../errors.js';
import { type LocatedYaml, parseYaml, readYaml } from '../formats/located-yaml.js';
import { schemaSchema } from '../schema/schema.js';
import { timeFormats, timeParts } from '../schema/transformation.js';
import type { CsvFormat, Dataset, ParquetFormat, TimeSplit } from './datasets/dataset.js';
import { givenFiles } from './datasets/inputs.js';
import { expandFields, forms } from './schema-short-forms.js';

/** The kinds of files that need a schema file. */
export const fileKinds = {
  csv: 'CSV or TSV files of your own, described by --schema',
  parquet: 'Parquet files of your own, described by --schema',
} as const;
export type FileKind = keyof typeof fileKinds;

export function isFileKind(name: string): name is FileKind {
  return Object.hasOwn(fileKinds, name);
}

const day = z.string().regex(/^\d{4}-\d{2}-\d{2}$/, { error: 'a day as YYYY-MM-DD' });

/** What a schema file says beside the schema, by its top keys. */
const settings = {
  separator: z
    .string()
    .regex(/^[\t !#$%&'()*+,\-./:;<=>?@[\\\]^_`{|}~]$/, {
      error: 'one character: a tab, or , ; | and the like',
    })
    .optional(),
  /** Whether the first line names the columns. */
  header: z.boolean().optional(),
  columns: z.array(z.string().min(1)).min(1).optional(),
  quotes: z.enum(['double', 'none']).optional(),
  minCount: z.int().min(1).optional(),
  split: z.enum(['random', 'modulus', 'time']).optional(),
  timeSplit: z
    .strictObject({
      column: z.string().min(1),
      format: z.enum(Object.keys(timeFormats) as [keyof typeof timeFormats]).optional(),
      validation: day,
      test: day,
    })
    .refine((t) => t.validation <= t.test, { error: 'validation begins before test, or on the same day' })
    .optional(),
};
const settingNames = Object.keys(settings) as (keyof typeof settings)[];
const csvOnly = ['separator', 'header', 'columns', 'quotes'] as const;
const settingsSchema = z.strictObject(settings);

const what = { kind: 'schema', help: 'it has at least the keys label and fields, see docs/schema.md' };

/** Reads a schema file. @throws UserError (exit code 2) that names its line */
export async function readSchemaFile(kind: FileKind, path: string): Promise<Dataset> {
  return datasetOf(kind, path, await readYaml(path, what));
}

/** The same, from its text. */
export function parseSchemaFile(kind: FileKind, path: string, text: string): Dataset {
  return datasetOf(kind, path, parseYaml(path, text, what));
}

function datasetOf(kind: FileKind, path: string, { values, locate }: LocatedYaml): Dataset {
  const isSetting = (key: string) => settingNames.some((name) => name === key);
  const entries = Object.entries(values);
  const ofSettings = Object.fromEntries(entries.filter(([key]) => isSetting(key)));
  const ofSchema = Object.fromEntries(entries.filter(([key]) => !isSetting(key)));
  const refuse = (at: readonly PropertyKey[], sentence: string): never => {
    throw new UserError(`${locate(at)}: ${sentence}`, undefined, 2);
  };

  const known = [...Object.keys(schemaSchema.shape), ...settingNames];
  for (const key of Object.keys(ofSchema)) {
    if (!known.includes(key)) refuse([key], `unknown key '${key}' (known here: ${known.join(', ')}).`);
  }
  for (const key of ['label', 'fields']) {
    if (!(key in ofSchema)) refuse([], `the key '${key}' is missing (it needs label and fields).`);
  }
  const long = { ...ofSchema, fields: expandFields(ofSchema.fields, locate) };
  const schema = schemaSchema.safeParse(long);
  if (!schema.success) throw firstMistake(schema.error, long, locate);
  const given = settingsSchema.safeParse(ofSettings);
  if (!given.success) throw firstMistake(given.error, ofSettings, locate);
  const { separator, header, columns, quotes, minCount = 1, split, timeSplit } = given.data;

  const wrong = csvOnly.find((key) => key in ofSettings);
  if (kind === 'parquet' && wrong) refuse([wrong], `the key '${wrong}' says nothing about Parquet files.`);
  if (header === false && !columns)
    refuse(['header'], `without a header the key 'columns' must name the columns.`);
  if (header !== false && columns)
    refuse(['columns'], `'columns' is for files without a header (header: false).`);
  if (split === 'time' && !timeSplit) refuse(['split'], `the split 'time' needs the key 'timeSplit'.`);
  return fileDataset(
    kind,
    schema.data,
    kind === 'parquet' ? { kind } : { kind, separator, columns, quotes: quotes ?? 'double' },
    { minCount, split, timeSplit, name: path },
  );
}

/** The data set that such a file describes. */
export function fileDataset(
  kind: FileKind,
  schema: Dataset['schema'],
  format: CsvFormat | ParquetFormat,
  options: {
    minCount: number;
    split?: 'random' | 'modulus' | 'time' | undefined;
    timeSplit?: TimeSplit | undefined;
    name?: string;
  },
): Dataset {
  const { minCount, split = 'random', timeSplit } = options;
  const rules = (['random', 'modulus', 'time'] as const).filter((rule) => rule !== 'time' || timeSplit);
  return {
    summary: fileKinds[kind],
    schema,
    format,
    minCount,
    splits: [split, ...rules.filter((rule) => rule !== split)],
    ...(timeSplit && { timeSplit }),
    inputs: (paths) =>
      givenFiles(kind, paths, `the files (${kind === 'csv' ? 'CSV or TSV, also .gz' : 'Parquet'})`),
  };
}

/** The sentence for the first thing that zod found wrong, with its line. */
function firstMistake(error: z.ZodError, values: unknown, locate: LocatedYaml['locate']): UserError {
  const issue = deepest(error.issues[0], values);
  const path = issue.code === 'unrecognized_keys' ? [...issue.path, issue.keys[0] ?? ''] : issue.path;
  const place = placeOf(path, locate);
  const name = path.join('.');
  const value = valueAt(values, issue.path);
  if (issue.code === 'unrecognized_keys') {
    const there =
      typeof value === 'object' && value !== null && 'kind' in value ? ` in a ${String(value.kind)}` : '';
    const help = `see docs/schema.md for what a ${there === '' ? 'field' : String((value as { kind: unknown }).kind)} takes`;
    return new UserError(`${place}: unknown key '${issue.keys[0]}'${there}.`, help, 2);
  }
  if (value === undefined)
    return new UserError(`${place}: ${name} is missing (${allowed(issue)}).`, undefined, 2);
  const shown = name === '' ? '' : `${name} is ${JSON.stringify(value)}: `;
  return new UserError(`${place}: ${shown}${allowed(issue)}.`, undefined, 2);
}

/** Within a union of kinds, the mistake of the kind that was meant. */
function deepest(issue: z.core.$ZodIssue, values: unknown): z.core.$ZodIssue {
  if (issue.code !== 'invalid_union' || issue.errors.length === 0) return issue;
  const [inner] = issue.errors.flat();
  return inner ? deepest({ ...inner, path: [...issue.path, ...inner.path] }, values) : issue;
}

/** The keys of a short form stand one level higher than those of the long form that was checked. */
function placeOf(path: readonly PropertyKey[], locate: LocatedYaml['locate']): string {
  const short = path.filter((key) => key !== 'value' && key !== 'of');
  const kindless = short.at(-1) === 'kind' ? short.slice(0, -1) : short;
  const [long, other] = [locate(path), locate(kindless)];
  const line = (place: string) => Number(/line (\d+)$/.exec(place)?.[1] ?? 0);
  return line(other) > line(long) ? other : long;
}

function valueAt(values: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (inner, key) =>
      typeof inner === 'object' && inner !== null ? (inner as Record<PropertyKey, unknown>)[key] : undefined,
    values,
  );
}

const kinds = Object.keys(forms).join(', ');

function allowed(issue: z.core.$ZodIssue): string {
  if (issue.path.at(-1) === 'part') return `allowed: ${timeParts.join(', ')}`;
  if (issue.path.at(-1) === 'format') return `allowed: ${Object.keys(timeFormats).join(', ')}`;
  if (issue.path.at(-1) === 'kind') return `allowed: ${kinds}`;
  if (issue.path.at(-1) === 'value') return `a transformation: ${kinds}`;
  switch (issue.code) {
    case 'invalid_value':
      return `allowed: ${issue.values.map(String).join(', ')}`;
    case 'too_small':
      return `allowed: at least ${issue.minimum}`;
    case 'invalid_type':
      return `allowed: a value of type ${issue.expected}`;
    default:
      return issue.message;
  }
}
