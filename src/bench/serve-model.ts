// A model to serve, of any size, without training one: weights and rows are the initial ones of a run, drawn wider, and
// vocabularies are invented. As a bundle, and as what a user would have without bitrow: an fp32 ONNX model of the same
// values, and vocabularies as text.
import { createWriteStream } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import type { Manifest } from '../data/manifest.js';
import { allocateTable } from '../embedding/table-memory.js';
import { writeFilesAside } from '../exporting/aside.js';
import { exportRun } from '../exporting/export-run.js';
import { exportSubject } from '../exporting/export-subject.js';
import { exporters } from '../exporting/registry.js';
import { servedValues } from '../exporting/served-run.js';
import { VocabularyIndexBuilder } from '../formats/vocabulary-index-builder.js';
import { writeVocabularyIndex } from '../formats/vocabulary-index-file.js';
import { MOST_MODEL_BYTES } from '../graph/onnx-file.js';
import { denseLayout, initializeDense } from '../models/dense.js';
import type { CodeBits } from '../quantization/grid.js';
import { saveCheckpoint } from '../runs/checkpoint.js';
import { keepDataset } from '../runs/kept-dataset.js';
import { resolveConfig } from '../runs/resolve-config.js';
import { RunDirectory } from '../runs/run-directory.js';
import { fingerprint } from '../schema/fingerprint.js';
import type { Schema } from '../schema/schema.js';
import { createModel, embeddingSpec } from '../scoring/blueprint.js';
import { denseTensors } from '../scoring/scoring-graph.js';
import { newRun } from '../training/new-run.js';
import { version } from '../version.js';

/** As the flights have. */
const FIELDS = 24;
const DIM = 16;

/** What is served. */
export interface ServedModel {
  readonly bits: CodeBits;
  /** Rows of the table. */
  readonly features: number;
  /** A directory for bitrow. */
  readonly bundle: string;
  /** An fp32 model. */
  readonly onnx: string;
  /** A JSON file with the names of the fields, and a directory with their values. */
  readonly fields: string;
  readonly vocabularies: string;
  /** Raw rows, and the same with ids. */
  rows(first: number, count: number): Record<string, string>[];
  ids(first: number, count: number): number[][];
}

/** Values of a vocabulary, OOV not counted. */
const valuesOf = (features: number) => Math.max(1, Math.floor(features / FIELDS) - 1);
const fieldName = (f: number) => `field${f}`;
/** Short, so that V8 does not keep the text that it was cut from. */
const textOfId = (id: number) => `v${id.toString(36)}`;

/** Makes a model with so many rows in its table, below `folder`. */
export async function makeServedModel(
  folder: string,
  features: number,
  bits: CodeBits,
): Promise<ServedModel> {
  const data = join(folder, `data-${features}`);
  const vocabularies = join(data, 'text');
  const [run, bundle] = ['run', 'bundle'].map((name) => join(folder, `${name}-${features}-${bits}`));
  const onnx = join(folder, `model-${features}-${bits}.onnx`);
  const fields = join(data, 'fields.json');
  const manifest = await makeData(data, vocabularies, valuesOf(features));
  await writeFile(fields, JSON.stringify(manifest.fields.map(({ name }) => name)));
  await makeRun(run, data, manifest, bits);
  await exportRun({ run, format: 'bundle', out: bundle });
  const { subject } = await exportSubject({ run, checkpoint: 'best', threads: 1, onProgress() {} });
  const settings = {
    operators: 'standard',
    mostModelBytes: MOST_MODEL_BYTES,
    force: false,
    threads: 1,
  } as const;
  await writeFilesAside(onnx, (path) =>
    exporters.onnx.write({ ...subject, embedding: servedValues(subject.run.table) }, path, {
      ...settings,
      onProgress() {},
      signal: undefined,
    }),
  );
  await rm(run, { recursive: true });
  const ids = (first: number, count: number) =>
    Array.from({ length: count }, (_, i) =>
      Array.from({ length: FIELDS }, (_, f) => draw(first + i, f, valuesOf(features))),
    );
  return {
    ...{ bits, features, bundle, onnx, fields, vocabularies, ids },
    rows: (first, count) =>
      ids(first, count).map((row) =>
        Object.fromEntries(row.map((id, f) => [fieldName(f), id === 0 ? 'never seen' : textOfId(id)])),
      ),
  };
}

/** An id of a row and a field; one in 50 is OOV. */
function draw(row: number, field: number, values: number): number {
  let x = Math.imul(row * FIELDS + field + 1, 0x9e3779b1) >>> 0;
  x = Math.imul(x ^ (x >>> 15), 0x85ebca6b) >>> 0;
  x = (x ^ (x >>> 13)) >>> 0;
  return x % 50 === 0 ? 0 : 1 + (Math.floor(x / 50) % values);
}

/** Indexes for bitrow, text for others; nothing where they are there. */
async function makeData(data: string, vocabularies: string, values: number): Promise<Manifest> {
  await mkdir(vocabularies, { recursive: true });
  await mkdir(join(data, 'vocabularies'), { recursive: true });
  const textBytes = Array.from({ length: values }, (_, i) => textOfId(i + 1).length).reduce(
    (a, b) => a + b,
    0,
  );
  const listed: Manifest['vocabularies'] = [];
  for (let f = 0; f < FIELDS; f++) {
    const name = fieldName(f);
    const builder = new VocabularyIndexBuilder(values, textBytes);
    const text = createWriteStream(join(vocabularies, `${name}.txt`));
    for (let id = 1; id <= values; id++) {
      builder.add(textOfId(id));
      text.write(`${textOfId(id)}\n`);
    }
    text.end();
    await finished(text);
    const file = join('vocabularies', `${name}.index`);
    const sha256 = await writeVocabularyIndex(join(data, file), builder);
    const index = { file, sha256 };
    listed.push({ name, size: values + 1, file: join('vocabularies', `${name}.parquet`), sha256: '', index });
  }
  const schema: Schema = {
    label: 'click = 1',
    fields: listed.map(({ name }) => ({ name, value: { kind: 'column', column: name } })),
  };
  const split = {
    name: 'train',
    file: 'train.parquet',
    rows: 1,
    positives: 0,
    rowGroupRows: 1,
    sha256: '',
  } as const;
  return {
    ...{
      format: 'bitrow-dataset',
      version: 1,
      bitrow: version,
      dataset: 'bench',
      seed: 0,
      options: {},
      schema,
    },
    fingerprint: fingerprint(
      schema,
      listed.map(({ name, index }) => ({ name, sha256: index.sha256 })),
    ),
    fields: listed.map(({ name }) => ({ name, vocabulary: name })),
    vocabularies: listed,
    splits: [split],
    input: [],
  };
}

/** A run before its first step, of which no row was written. */
async function makeRun(out: string, data: string, manifest: Manifest, bits: CodeBits): Promise<void> {
  const config = resolveConfig({
    // Wide enough that logits differ.
    model: { dim: DIM, crossLayers: 3, hidden: [200, 200, 200], initialDeviation: 0.3 },
    method: { name: 'alpt', bits },
  });
  const dataset = { dir: data, manifest };
  const record = newRun(dataset, undefined, undefined);
  const directory = await RunDirectory.create(out, config, record, false);
  try {
    await keepDataset(out, dataset);
    const model = createModel(config, record.dataset, 'training');
    const layout = denseLayout(model);
    const parameters = new Float32Array(layout.length);
    initializeDense(model, layout, 1, parameters);
    const table = allocateTable(embeddingSpec(config, record.dataset, { threads: 1, isTraining: false }));
    await saveCheckpoint(directory.checkpoint('best'), {
      tables: [table],
      dense: denseTensors(model, parameters, new Float32Array(0)),
      metadata: { epoch: '1', trainingStep: '0', fingerprint: manifest.fingerprint },
    });
  } finally {
    await directory.close();
  }
}
