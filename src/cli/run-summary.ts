// What there is to say of a run: what it was trained as and on, how far it came, and its model's checksum.
import { statSync } from 'node:fs';
import { type TableSpec, tableRows } from '../embedding/shard.js';
import { partBytes } from '../embedding/table-records.js';
import { count } from '../reports/numbers.js';
import { configBits, configRounding } from '../runs/config-method.js';
import { vocabularyOffsets } from '../scoring/blueprint.js';
import { modelChecksum } from '../scoring/model-checksum.js';
import { openRun, tablesOf } from '../scoring/open-run.js';
import type { Result } from './command.js';
import { bytes } from './quantities.js';

/** Describes the run at `path` and its newest checkpoint. @throws UserError when there is none yet */
export async function inspectRun(path: string): Promise<Result> {
  const { directory, table, firstOrder, dense, metadata } = await openRun(path, 'last', 1);
  const { config, run } = directory;
  const stat = statSync(directory.checkpoint('last'));
  const { name } = config.method;
  const bits = configBits(config);
  const rounding = configRounding(config);
  const rows = tableRows(table.spec);
  const { dim } = config.model;
  const values = vocabularyOffsets(run.dataset)[run.dataset.vocabularySizes.length];
  const rowsText = rows === values ? `${count(rows)} rows` : `${count(rows)} stored rows`;
  const forText = rows === values ? '' : ` for ${count(values)} values`;
  const parameters = dense.reduce((sum, { data }) => sum + data.length, 0);
  const { bits: storedBits } = table.spec.storage;
  const hot = hotRows(table.spec);
  const json = {
    kind: 'run',
    path,
    state: run.state,
    modelChecksum: modelChecksum(tablesOf({ table, firstOrder }), dense),
    fingerprint: run.dataset.fingerprint,
    dataset: run.dataset.name,
    model: config.model.name,
    method: name,
    bits,
    /** Of a value in training: codes, or 32 for fp32. More than `bits` where fewer are served. */
    storedBits,
    rounding,
    ...(hot && { hotBits: hot.bits, hotRows: hot.rows }),
    /** Stored; of a method that shares rows, fewer than there are values. */
    rows,
    dim,
    /** Codes or values and steps of all rows. */
    tableBytes: partBytes(table, 'codes') + partBytes(table, 'steps'),
    ...(firstOrder && {
      /** One fp32 number for each feature, beside the embeddings. */
      firstOrder: { rows: tableRows(firstOrder.spec), tableBytes: 4 * tableRows(firstOrder.spec) },
    }),
    denseParameters: parameters,
    seed: config.training.seed,
    epoch: Number(metadata.epoch),
    trainingStep: Number(metadata.trainingStep),
    checkpointBytes: stat.size,
    made: run.made,
  };
  const line = (title: string, value: string) => `  ${title.padEnd(15)}${value}`;
  const beside = table.spec.storage.nestedShift
    ? ` (${storedBits} stored)`
    : hot
      ? ` (${count(hot.rows)} hot rows: ${hot.bits})`
      : '';
  const width = `${bits} bits${beside}`;
  const method = bits === null ? name : `${name}, ${width}, ${rounding} rounding`;
  const { bitrow, onnxruntime, kernels, processor } = run.made;
  const text = [
    `${path}: a run, ${run.state === 'finished' ? 'finished' : 'not finished'}`,
    line('method', method),
    line('model', `${json.model}, ${count(parameters)} parameters beside the table`),
    line('table', `${rowsText} of ${dim}${forText}, ${bytes(json.tableBytes)}`),
    ...(json.firstOrder
      ? [
          line(
            'first order',
            `${count(json.firstOrder.rows)} fp32 weights, ${bytes(json.firstOrder.tableBytes)}`,
          ),
        ]
      : []),
    line('data', `${json.dataset}, ${run.dataset.fields.length} fields`),
    line('fingerprint', json.fingerprint),
    line('last epoch', `${json.epoch} (step ${count(json.trainingStep)}), ${bytes(stat.size)} on disk`),
    line('model checksum', json.modelChecksum),
    line('made by', `bitrow ${bitrow}, onnxruntime ${onnxruntime}, kernels ${kernels}`),
    line('made on', processor),
  ].join('\n');
  return { text, json };
}

/** The rows that are stored in more bits than the others, where there are some. */
function hotRows({ storage, hot }: TableSpec): { bits: number; rows: number } | null {
  if (!storage.hot || !hot) return null;
  return { bits: storage.hot.bits, rows: hot.rows.reduce((sum, rows) => sum + rows, 0) };
}
