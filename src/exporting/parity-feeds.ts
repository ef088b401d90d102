// A batch of rows as an exported model is fed with it.
import type { FedView } from '../graph/session.js';
import type { ExportSubject } from './exporter.js';
import { fieldInputs, NUMBERS, offsetsInput } from './onnx-inputs.js';
import type { ParityBatch } from './parity-rows.js';

/** All inputs of the model, by name. */
export function feedsOf(subject: Pick<ExportSubject, 'run'>, batch: ParityBatch): Record<string, FedView> {
  const fields = fieldInputs(subject);
  const N = subject.run.directory.run.dataset.numbers?.length ?? 0;
  const feeds: Record<string, FedView> = {};
  for (const [f, { name, pooling }] of fields.entries()) {
    const { ids, offsets } = idsOf(batch, f, fields.length);
    feeds[name] = int64(ids);
    if (pooling !== null) feeds[offsetsInput(name)] = int64(offsets);
  }
  if (N > 0) feeds[NUMBERS] = { data: batch.raw, shape: [batch.rows, N] };
  return feeds;
}

/** The ids of field f of F, of a bag those of all rows, and where each row's begin. */
export function idsOf(
  { rows, ids, offsets }: ParityBatch,
  f: number,
  F: number,
): { ids: number[]; offsets: number[] } {
  const own: number[] = [];
  const begins = [0];
  for (let row = 0; row < rows; row++) {
    const segment = row * F + f;
    const [from, to] = offsets ? [offsets[segment], offsets[segment + 1]] : [segment, segment + 1];
    for (let i = from; i < to; i++) own.push(ids[i]);
    begins.push(own.length);
  }
  return { ids: own, offsets: begins };
}

function int64(numbers: readonly number[]): FedView {
  return { data: BigInt64Array.from(numbers, BigInt), shape: [numbers.length] };
}
