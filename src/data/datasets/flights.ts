// US flights from January to June 2001: will this flight be more than 15 minutes late? 3,000,000 rows in the npm
// package vega-datasets. 24 fields, most of them crosses, which give it the long tail of a CTR data set.
// The default split measures how well tables memorise (the same airport and hour stand in train and test);
// `--split time` measures a forecast.
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { UserError } from '../../errors.js';
import type { Field } from '../../schema/schema.js';
import type { TimePart, Transformation } from '../../schema/transformation.js';
import type { Dataset, InputFile } from './dataset.js';
import { givenFiles } from './inputs.js';

const time = (part: TimePart): Transformation => ({
  kind: 'time',
  column: 'date',
  format: 'timestamp',
  zone: 'as-written',
  part,
});

const base = {
  origin: { kind: 'column', column: 'origin' },
  destination: { kind: 'column', column: 'destination' },
  hour: time('hour'),
  weekday: time('weekday'),
  is_weekend: time('is_weekend'),
  month: time('month'),
  day: time('day'),
  hhmm: time('hhmm'),
  distance_bucket: { kind: 'bucket', column: 'distance', small: 'integer' },
} as const satisfies Record<string, Transformation>;

const cross = (...parts: (keyof typeof base)[]): Field => ({
  name: parts.join('_').replace('origin_destination', 'route'),
  value: { kind: 'cross', of: parts.map((part) => base[part]) },
});

const fields: Field[] = [
  ...Object.entries(base).map(([name, value]) => ({ name, value })),
  cross('origin', 'destination'),
  cross('origin', 'hour'),
  cross('destination', 'hour'),
  cross('origin', 'day'),
  cross('destination', 'day'),
  cross('origin', 'destination', 'hour'),
  cross('origin', 'destination', 'weekday'),
  cross('origin', 'day', 'hour'),
  cross('destination', 'day', 'hour'),
  cross('origin', 'destination', 'day'),
  cross('origin', 'destination', 'hhmm'),
  cross('origin', 'hhmm'),
  cross('destination', 'hhmm'),
  cross('origin', 'destination', 'hhmm', 'weekday'),
  cross('hour', 'weekday'),
];

export const flights: Dataset = {
  summary: 'US flights of 2001, more than 15 minutes late (npm package vega-datasets)',
  schema: { label: 'delay > 15', fields },
  format: { kind: 'parquet' },
  minCount: 2,
  splits: ['modulus', 'random', 'time'],
  timeSplit: { column: 'date', validation: '2001-06-01', test: '2001-06-16' },
  inputs: (paths) => (paths.length === 0 ? [packagedFile()] : givenFiles('flights', paths, 'a Parquet file')),
};

/** The file in the package, found from this module or from the current folder. */
function packagedFile(): InputFile {
  for (const from of [import.meta.url, pathToFileURL(join(process.cwd(), 'x')).href]) {
    const path = resolveFrom(from);
    if (path && existsSync(path)) return { path };
  }
  throw new UserError(
    "The data set 'flights' is in the npm package 'vega-datasets', which is not installed.",
    'run `npm install --save-dev vega-datasets@3.2.1`, or pass --input with its data/flights-3m.parquet',
  );
}

function resolveFrom(base: string): string | undefined {
  try {
    return join(dirname(createRequire(base).resolve('vega-datasets')), '..', 'data', 'flights-3m.parquet');
  } catch {
    return undefined;
  }
}
