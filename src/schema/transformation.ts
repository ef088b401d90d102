// The closed set of transformations: everything a field of a data set can be. Each kind has one entry in every
// executor (a total map over `kind`), and this page fixes the meaning in words, so that no executor has to guess.
// What is not here cannot be said in a schema; free SQL is no part of it.
//
//   missing   NULL or the empty text. A transformation of a missing value is missing, a cross excepted.
//   value     a text, never empty. Numbers are written in decimal without leading zeros or a plus sign.
//   cell      what a column holds, as a text: a text as it stands; true or false; a time as 2001-01-31 23:59:00, with
//             a fraction of the second where it is not 0, on the UTC clock where the cell has a zone; a day as
//             2001-01-31; a number as below.
//   number    a whole number of less than 2^63 in size: its digits, so that 25 and 25.0 are one value, and -0 is 0.
//             (Integers too large for float64 keep all their digits.) Any other is float64, in the fewest digits
//             that read back as the same number: 0.1, 0.0001, and, below 0.0001 or from 1e16 up, 1e-05 or 2.5e+19;
//             nan, inf and -inf. A float32 is the float64 that it is equal to.
//   column    the text of a column's cell.
//   trim      without spaces, tabs, line feeds and carriage returns at both ends (ASCII 32, 9, 10, 13; no others).
//   lower     A to Z become a to z; every other character stays (ASCII only).
//   time      one part of a point in time, read by `format` in `zone` (see timeParts) from the text of the cell. Days
//             are those of the Gregorian calendar, also before 1582; fractions of a second are cut off.
//   bucket    a number x to a small number: ⌊(ln x)²⌋ for x > 2, else the integer part of x (see bucket.ts).
//   cross     several values as one. A part that is missing is written as nothing, so a cross is never missing.
//   split     a list of texts between separators; empty elements are dropped, and an empty list is missing.
import * as z from 'zod';

/** How a point in time is written; what follows another grammar (grammar.ts) is refused. */
export const timeFormats = {
  /** `2001-01-31 23:59`, seconds and fractions allowed, `T` for the space allowed; or a Parquet TIMESTAMP. Years from
   * 0001 to 9999, hours from 00 to 23, no leap seconds. */
  timestamp: 'a time such as 2001-01-31 23:59:00',
  /** `14103023`: two digits each of year (20YY), month, day and hour. */
  YYMMDDHH: 'a time as YYMMDDHH such as 14103023',
  /** Whole seconds since 1970-01-01 00:00 UTC. */
  'unix-seconds': 'whole seconds since 1970',
} as const;
export type TimeFormat = keyof typeof timeFormats;

/** The parts of a time: hour 0 to 23, weekday 0 (Sunday) to 6, is_weekend 0 or 1, month 1 to 12, day as
 * YYYY-MM-DD, hhmm as four digits. */
export const timeParts = ['hour', 'weekday', 'is_weekend', 'month', 'day', 'hhmm'] as const;
export type TimePart = (typeof timeParts)[number];

const columnName = z.string().min(1);

const column = z.strictObject({ kind: z.literal('column'), column: columnName });

const time = z
  .strictObject({
    kind: z.literal('time'),
    column: columnName,
    format: z.literal(Object.keys(timeFormats) as TimeFormat[]),
    /** `as-written`: the clock that the text shows, no conversion. `UTC` belongs to unix-seconds, which has no clock. */
    zone: z.enum(['as-written', 'UTC']),
    part: z.enum(timeParts),
  })
  .refine((t) => (t.format === 'unix-seconds') === (t.zone === 'UTC'), {
    error: "zone is 'UTC' for the format unix-seconds and 'as-written' for the others",
  });

const bucket = z.strictObject({
  kind: z.literal('bucket'),
  column: columnName,
  /** For x ≤ 2: `integer` keeps the integer part (the ALPT author's code), `one` is 1 (the text of the paper). */
  small: z.enum(['integer', 'one']),
});

const trim = z.strictObject({
  kind: z.literal('trim'),
  get of(): typeof text {
    return text;
  },
});

const lower = z.strictObject({
  kind: z.literal('lower'),
  get of(): typeof text {
    return text;
  },
});

/** Texts, or lists of texts: what trim and lower take and give (element by element for a list). */
const split = z.strictObject({
  kind: z.literal('split'),
  get of(): typeof text {
    return text;
  },
  separator: z.string().min(1),
});

type Text =
  | z.infer<typeof column>
  | { kind: 'trim'; of: Text }
  | { kind: 'lower'; of: Text }
  | { kind: 'split'; of: Text; separator: string };
const text: z.ZodType<Text> = z.lazy(() => z.discriminatedUnion('kind', [column, trim, lower, split]));

const cross = z.strictObject({
  kind: z.literal('cross'),
  get of(): z.ZodArray<z.ZodType<Transformation>> {
    return z.array(transformation).min(2);
  },
});

export type Transformation =
  | Text
  | z.infer<typeof time>
  | z.infer<typeof bucket>
  | { kind: 'cross'; of: Transformation[] };
export type TransformationKind = Transformation['kind'];

/** One transformation, strictly: an unknown key or kind is an error. */
export const transformation: z.ZodType<Transformation> = z.lazy(() =>
  z
    .discriminatedUnion('kind', [column, time, bucket, trim, lower, split, cross])
    .refine((t) => t.kind !== 'cross' || !t.of.some(isList), { error: 'a list cannot stand in a cross' })
    .refine((t) => t.kind !== 'split' || !isList(t.of), { error: 'a list cannot be split again' }),
);

/** Whether a transformation gives a list of values per row instead of one. */
export function isList(t: Transformation): boolean {
  if (t.kind === 'split') return true;
  return (t.kind === 'trim' || t.kind === 'lower') && isList(t.of);
}

/** The parts of a cross, a cross within it taken apart too; of anything else, itself. */
export function crossParts(t: Transformation): Exclude<Transformation, { kind: 'cross' }>[] {
  return t.kind === 'cross' ? t.of.flatMap(crossParts) : [t];
}

/** The column that a transformation which is no cross reads. */
export function sourceColumn(t: Exclude<Transformation, { kind: 'cross' }>): string {
  return 'column' in t ? t.column : sourceColumn(t.of);
}
