// What there is to say of a bundle, from its bundle.json alone: what was exported, from which run, and how well it scored.

import { join } from 'node:path';
import { packedTableBytes, type RowFormat } from '../embedding/packed/packed-format.js';
import { count } from '../reports/numbers.js';
import { BUNDLE_FILE, type Bundle, readBundle } from '../scoring/bundle/bundle-file.js';
import { checkBundle } from '../scoring/bundle/check-bundle.js';
import type { Result } from './command.js';
import { bytes } from './quantities.js';

/** Describes the bundle at `path`. Its other files are not read. @throws UserError when it is damaged */
export async function inspectBundle(path: string): Promise<Result> {
  const bundle = await readBundle(path);
  checkBundle(bundle, join(path, BUNDLE_FILE));
  const { bitrow, model, method, bits, dim, fingerprint, run, metrics, dataset } = bundle;
  const tables = bundle.tables.map((table) => ({
    name: table.name,
    rows: table.rows,
    dim: table.dim,
    bytes: packedTableBytes(table),
    stored: table.groups.map(({ rows, format }) => ({ rows, ...described(format) })),
  }));
  const fileBytes = Object.values(bundle.files).reduce((sum, file) => sum + file.bytes, 0);
  const json = {
    kind: 'bundle',
    path,
    version: bundle.sha256.slice(0, 12),
    bitrow,
    model,
    method,
    bits,
    dim,
    fingerprint,
    dataset: dataset.name,
    run,
    metrics,
    tables,
    files: Object.keys(bundle.files).length,
    fileBytes,
  };
  const line = (title: string, value: string) => `  ${title.padEnd(15)}${value}`;
  const text = [
    `${path}: a bundle`,
    line('version', json.version),
    line('method', bits === null ? method : `${method}, ${bits} bits`),
    line('model', model),
    ...tables.map(({ name, rows, dim, bytes: size, stored }) =>
      line(name, `${count(rows)} rows of ${dim}, ${bytes(size)}: ${stored.map(storedText).join('; ')}`),
    ),
    line('data', `${dataset.name}, ${dataset.fields.length} fields`),
    line('fingerprint', fingerprint),
    line('run', `${run.id}, ${run.checkpoint} model, epoch ${run.epoch}${metricsText(metrics)}`),
    line('files', `${json.files}, ${bytes(fileBytes)}`),
    line('made by', `bitrow ${bitrow}`),
  ].join('\n');
  return { text, json };
}

function described(format: RowFormat): { kind: string; bits: number } {
  switch (format.kind) {
    case 'values':
      return { kind: 'fp32 values', bits: 32 };
    case 'steps':
      return { kind: format.isAffine ? 'codes with step and bias' : 'codes with steps', bits: format.bits };
    case 'quantized':
      return { kind: `quantized, ${format.format.kind}`, bits: format.format.bits };
    default:
      return format satisfies never;
  }
}

function storedText({ rows, kind, bits }: { rows: number; kind: string; bits: number }): string {
  return `${count(rows)} ${kind}${bits === 32 ? '' : ` (${bits} bits)`}`;
}

function metricsText(metrics: Bundle['metrics']): string {
  if (typeof metrics !== 'object' || metrics === null || !('validation' in metrics)) return '';
  const { validation } = metrics;
  if (typeof validation !== 'object' || validation === null || !('auc' in validation)) return '';
  return typeof validation.auc === 'number' ? `, validation AUC ${validation.auc.toFixed(4)}` : '';
}
