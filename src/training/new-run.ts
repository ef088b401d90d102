// The record that a run begins with: what it was made from, so that it can be resumed and scored without asking.
import { randomUUID } from 'node:crypto';
import { resolve } from 'node:path';
import type { EncodedDataset } from '../data/encoded-dataset.js';
import type { Run } from '../runs/run-directory.js';
import { datasetShape } from '../scoring/blueprint.js';
import { type Source, sourceRecord } from './continue-from.js';
import { madeHere } from './resume.js';

/** A run on a data set; `hotRows` of each vocabulary, where some are; `source`, where it continues another. */
export function newRun(
  { dir, manifest }: EncodedDataset,
  hotRows: number[] | undefined,
  source: Source | undefined,
): Run {
  return {
    format: 'bitrow-run',
    version: 1,
    id: randomUUID(),
    made: madeHere(),
    state: 'running',
    data: resolve(dir),
    from: source ? sourceRecord(source) : null,
    dataset: {
      name: manifest.dataset,
      fingerprint: manifest.fingerprint,
      fields: manifest.fields.map(({ name }) => name),
      ...datasetShape(manifest),
      ...(hotRows && { hotRows }),
      splits: manifest.splits.map(({ name, rows, sha256 }) => ({ name, rows, sha256 })),
    },
    result: null,
  };
}
