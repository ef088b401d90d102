// Manifests as `prepare` writes them for the paper's data and for flights, without the data.
import type { Manifest, SplitName } from '../src/data/manifest.js';

interface Changed {
  rows?: number;
  features?: number;
  fields?: number;
  minCount?: number;
  vocabulary?: 'train' | 'all';
  split?: 'random' | 'modulus';
  negativeSampling?: number;
  hasTest?: boolean;
}

/** Criteo as in the paper, but for what is changed. */
export function faithfulCriteo(changed: Changed = {}): Manifest {
  return manifest('criteo', { fields: 39, ...changed });
}

/** Flights as `bitrow prepare flights` makes them. */
export function flightsManifest(): Manifest {
  const rows = 3_000_000;
  return manifest('flights', {
    rows,
    features: 2_100_000,
    fields: 24,
    minCount: 2,
    vocabulary: 'train',
    split: 'modulus',
  });
}

function manifest(dataset: string, changed: Changed): Manifest {
  const {
    rows = 45_840_617,
    features = 1_086_895 + 20,
    fields = 39,
    minCount = 10,
    hasTest = true,
  } = changed;
  const { vocabulary = 'all', split = 'random', negativeSampling = 1 } = changed;
  const tenth = Math.floor(rows / 10);
  const name = (i: number) => `F${i + 1}`;
  const sizes: [SplitName, number][] = hasTest
    ? [
        ['train', rows - 2 * tenth],
        ['validation', tenth],
        ['test', tenth],
      ]
    : [
        ['train', rows - tenth],
        ['validation', tenth],
      ];
  return {
    format: 'bitrow-dataset',
    version: 1,
    bitrow: '0.1.0',
    dataset,
    seed: 1,
    options: { split, minCount, vocabulary, rows: null, negativeSampling },
    schema: {},
    fingerprint: '0'.repeat(64),
    fields: Array.from({ length: fields }, (_, i) => ({ name: name(i), vocabulary: name(i) })),
    vocabularies: Array.from({ length: fields }, (_, i) => ({
      name: name(i),
      size: i === 0 ? features - (fields - 1) * 10 : 10,
      file: `vocabularies/${name(i)}.parquet`,
      sha256: '',
      index: { file: `vocabularies/${name(i)}.index`, sha256: '' },
    })),
    splits: sizes.map(([split, splitRows]) => ({
      name: split,
      file: `${split}.parquet`,
      rows: splitRows,
      positives: Math.floor(splitRows / 4),
      rowGroupRows: 100_000,
      sha256: '',
    })),
    input: [{ path: 'train.txt', rows }],
  };
}
