// A run of any size without training: vocabularies of invented values, rows that were never written, a network of zeros but
// for what its graph begins with. For what depends on sizes alone: memory, files, time.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { Manifest } from '../src/data/manifest.js';
import { allocateTable } from '../src/embedding/table-memory.js';
import { VocabularyIndexBuilder } from '../src/formats/vocabulary-index-builder.js';
import { writeVocabularyIndex } from '../src/formats/vocabulary-index-file.js';
import { denseLayout } from '../src/models/dense.js';
import { saveCheckpoint } from '../src/runs/checkpoint.js';
import type { Config } from '../src/runs/config.js';
import { createModel, embeddingSpec, firstOrderSpec } from '../src/scoring/blueprint.js';
import { denseTensors } from '../src/scoring/scoring-graph.js';
import { newRun } from '../src/training/new-run.js';

/** A value of a field. */
export function inventedValue(field: number, id: number): string {
  return `f${field}-${id.toString(36)}`;
}

/** Makes the run. @param values of each field, whose names are f0, f1, … */
export async function inventRun(path: string, config: Config, values: readonly number[]): Promise<void> {
  mkdirSync(join(path, 'vocabularies'), { recursive: true });
  writeFileSync(join(path, 'config.yaml'), stringify(config));
  const fields = values.map((_, i) => `f${i}`);
  const vocabularies: Manifest['vocabularies'] = [];
  for (const [field, size] of values.entries()) {
    const name = fields[field];
    let textBytes = 0;
    for (let id = 1; id <= size; id++) textBytes += inventedValue(field, id).length;
    const builder = new VocabularyIndexBuilder(size, textBytes);
    for (let id = 1; id <= size; id++) builder.add(inventedValue(field, id));
    const file = `vocabularies/${name}.index`;
    const sha256 = await writeVocabularyIndex(join(path, file), builder);
    vocabularies.push({ name, size: size + 1, file: `${name}.parquet`, sha256, index: { file, sha256 } });
  }
  const manifest: Manifest = {
    format: 'bitrow-dataset',
    version: 1,
    bitrow: '0',
    dataset: 'invented',
    seed: 1,
    options: {},
    schema: {
      label: 'y = 1',
      fields: fields.map((name) => ({ name, value: { kind: 'column', column: name } })),
    },
    fingerprint: vocabularies.map(({ sha256 }) => sha256.slice(0, 4)).join(''),
    fields: fields.map((name) => ({ name, vocabulary: name })),
    vocabularies,
    splits: [],
    input: [],
  };
  writeFileSync(join(path, 'dataset.json'), JSON.stringify(manifest));
  const record = newRun({ dir: path, manifest }, undefined, undefined);
  writeFileSync(join(path, 'run.json'), JSON.stringify(record));
  const model = createModel(config, record.dataset, 'training');
  const options = { threads: 1, isTraining: false };
  const weights = firstOrderSpec(config, record.dataset, model, options);
  const specs = [embeddingSpec(config, record.dataset, options), ...(weights ? [weights] : [])];
  const parameters = new Float32Array(denseLayout(model).length).map((_, i) => ((i % 7) - 3) / 100);
  const running = new Float32Array(model.statistics.reduce((sum, { width }) => sum + width, 0)).fill(1);
  await saveCheckpoint(join(path, 'best.safetensors'), {
    tables: specs.map(allocateTable),
    dense: denseTensors(model, parameters, running),
    metadata: { epoch: '1', trainingStep: '1', fingerprint: manifest.fingerprint },
  });
}
