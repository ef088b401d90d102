// What there is to say of an encoded data set: rows and positives of each split, size and OOV share of each field.
// `prepare` says it at its end, `inspect` at any time.
import type { Manifest } from '../data/manifest.js';
import { count } from '../reports/numbers.js';
import type { Result } from './command.js';

/** The summary of the data set at `place`. */
export function datasetSummary(manifest: Manifest, place: string): Result {
  const sizes = new Map(manifest.vocabularies.map(({ name, size }) => [name, size]));
  const splits = manifest.splits.map(({ name, rows, positives }) => ({
    name,
    rows,
    positives,
    positiveRate: rows > 0 ? positives / rows : null,
  }));
  const fields = manifest.fields.map(({ name, vocabulary, bag }, i) => ({
    name,
    vocabulary,
    size: sizes.get(vocabulary) ?? 0,
    ...(bag && { bag }),
    oovShare: Object.fromEntries(
      manifest.splits.map((split) => [
        split.name,
        split.rows > 0 && split.oov ? Number(split.oov[i]) / (split.ids?.[i] ?? split.rows) : null,
      ]),
    ),
  }));
  const tableRows = manifest.vocabularies.reduce((sum, { size }) => sum + size, 0);
  const { dataset, fingerprint, numbers = [], hasWeight = false, hasGroup = false } = manifest;
  const { negativeSampling = 1 } = manifest.options;
  const { skipped, extends: ancestors } = manifest;
  const json = {
    dataset,
    fingerprint,
    splits,
    fields,
    numbers,
    hasWeight,
    hasGroup,
    negativeSampling,
    tableRows,
    ...(skipped && { skipped }),
    ...(ancestors && { extends: ancestors }),
  };

  const nameWidth = Math.max(...fields.map(({ name }) => name.length), 10);
  const splitLines = splits.map(
    ({ name, rows, positiveRate }) =>
      `  ${name.padEnd(nameWidth)} ${count(rows).padStart(11)} rows   ${percent(positiveRate)} positive`,
  );
  const fieldLines = fields.map(({ name, size, oovShare, bag }) => {
    const shares = Object.values(oovShare).map((share) => percent(share));
    const pooled = bag ? `  ${bag.pooling} of up to ${count(bag.longest)}` : '';
    return `  ${name.padEnd(nameWidth)} ${count(size).padStart(11)}      ${shares.join('  ')}${pooled}`;
  });
  for (const { name, transform, mean, deviation } of numbers) {
    const of = transform === 'none' ? 'a number' : `${transform} of a number`;
    fieldLines.push(
      `  ${name.padEnd(nameWidth)} ${'–'.padStart(11)}      ${of}, mean ${mean.toPrecision(4)}, deviation ${deviation.toPrecision(4)}`,
    );
  }
  const title = `  ${'field'.padEnd(nameWidth)} ${'vocabulary'.padStart(11)}  OOV: ${splits.map(({ name }) => name).join(', ')}`;
  const total = `${count(tableRows)} table rows in ${fields.length} fields`;
  if (negativeSampling !== 1) {
    splitLines.push(
      `  ${'negative sampling'.padEnd(nameWidth)} kept ${negativeSampling} of training's zeros`,
    );
  }
  const notes = [
    ...(ancestors
      ? [`  extends ${ancestors.length} earlier data ${ancestors.length === 1 ? 'set' : 'sets'}`]
      : []),
    ...(skipped ? [`  ${count(skipped.rows)} bad rows left out. The first: ${skipped.first}`] : []),
  ];
  const text = [`${dataset} → ${place}`, ...splitLines, ...notes, '', title, ...fieldLines, '', total].join(
    '\n',
  );
  return { text, json };
}

function percent(share: number | null): string {
  return share === null ? '      –' : `${(100 * share).toFixed(2)} %`.padStart(8);
}
