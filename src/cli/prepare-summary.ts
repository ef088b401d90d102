// What `bitrow prepare` says at its end: rows and positives of each split, size and OOV share of each field.
import type { Manifest } from '../data/manifest.js';
import type { Result } from './command.js';

const count = (n: number) => n.toLocaleString('en-US');

/** The summary of a data set that took `seconds` to make and `sizeBytes` to store. */
export function prepareSummary(manifest: Manifest, out: string, seconds: number, sizeBytes: number): Result {
  const sizes = new Map(manifest.vocabularies.map(({ name, size }) => [name, size]));
  const splits = manifest.splits.map(({ name, rows, positives }) => ({
    name,
    rows,
    positives,
    positiveRate: rows > 0 ? positives / rows : null,
  }));
  const fields = manifest.fields.map(({ name, vocabulary }, i) => ({
    name,
    vocabulary,
    size: sizes.get(vocabulary) ?? 0,
    oovShare: Object.fromEntries(
      manifest.splits.map((split) => [
        split.name,
        split.rows > 0 && split.oov ? Number(split.oov[i]) / split.rows : null,
      ]),
    ),
  }));
  const tableRows = manifest.vocabularies.reduce((sum, { size }) => sum + size, 0);
  const { dataset, fingerprint } = manifest;
  const json = { out, dataset, fingerprint, splits, fields, tableRows, seconds, sizeBytes };

  const nameWidth = Math.max(...fields.map(({ name }) => name.length), 10);
  const splitLines = splits.map(
    ({ name, rows, positiveRate }) =>
      `  ${name.padEnd(nameWidth)} ${count(rows).padStart(11)} rows   ${percent(positiveRate)} positive`,
  );
  const fieldLines = fields.map(({ name, size, oovShare }) => {
    const shares = Object.values(oovShare).map((share) => percent(share));
    return `  ${name.padEnd(nameWidth)} ${count(size).padStart(11)}      ${shares.join('  ')}`;
  });
  const title = `  ${'field'.padEnd(nameWidth)} ${'vocabulary'.padStart(11)}  OOV: ${splits.map(({ name }) => name).join(', ')}`;
  const total = `${count(tableRows)} table rows in ${fields.length} fields, ${(sizeBytes / 1e6).toFixed(1)} MB, ${seconds.toFixed(1)} s`;
  const text = [`${dataset} → ${out}`, ...splitLines, '', title, ...fieldLines, '', total].join('\n');
  return { text, json };
}

function percent(share: number | null): string {
  return share === null ? '      –' : `${(100 * share).toFixed(2)} %`.padStart(8);
}
