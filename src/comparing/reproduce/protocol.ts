// What must not be compared, said in words: where the data or the protocol of a reproduction differ from the paper's. Empty
// for a faithful one. Every sentence names both values.
import type { Manifest } from '../../data/manifest.js';
import type { Config } from '../../runs/config.js';
import { configDifferences, type Reference } from './config-difference.js';
import { type PaperDataset, paperData, paperDatasets, paperNames } from './published.js';

/** Seeds of the paper: "each experiment is performed at least five times" (section 4.1). */
export const leastSeeds = 5;

/** The paper's data sets that stand beside one of ours: itself, or both where ours is neither. */
export function besides(dataset: string): readonly PaperDataset[] {
  const same = paperDatasets.filter((name) => name === dataset);
  return same.length > 0 ? same : paperDatasets;
}

/** @param threshold whether the data stand for those with the lower threshold of table 3 */
export function dataDifferences(manifest: Manifest, threshold: 'usual' | 'lower' = 'usual'): string[] {
  const { dataset, options, splits, fields, vocabularies } = manifest;
  const same = paperDatasets.find((name) => name === dataset);
  const differences: string[] = [];
  const say = (differs: boolean, sentence: string) => {
    if (differs) differences.push(sentence);
  };
  const count = (n: number) => n.toLocaleString('en-US');
  const papers = besides(dataset);
  const each = (value: (data: (typeof paperData)[PaperDataset]) => string) =>
    papers.length === 1
      ? value(paperData[papers[0]])
      : papers.map((name) => `${value(paperData[name])} on ${paperNames[name]}`).join(', ');
  const least = (data: (typeof paperData)[PaperDataset]) =>
    threshold === 'usual' ? data.minCount : data.lowerMinCount;
  const most = (data: (typeof paperData)[PaperDataset]) =>
    threshold === 'usual' ? data.features : data.moreFeatures;

  say(same === undefined, `The data set is ${dataset} (the paper: Criteo and Avazu).`);
  const rows = splits.reduce((sum, split) => sum + split.rows, 0);
  say(
    same === undefined || rows !== paperData[same].rows,
    `It has ${count(rows)} rows (the paper: ${each((data) => count(data.rows))}).`,
  );
  say(
    papers.every((name) => fields.length !== paperData[name].fields),
    `It has ${fields.length} fields (the paper: ${each((data) => String(data.fields))}).`,
  );
  say(
    papers.every((name) => options.minCount !== least(paperData[name])),
    `Values seen fewer than ${options.minCount} times are OOV (the paper: ${each((data) => String(least(data)))}).`,
  );
  say(
    options.vocabulary !== 'all',
    'Vocabularies are built on the training rows only (the paper: on all rows, judging by its numbers of features; ' +
      '`prepare --vocabulary all`).',
  );
  const features = vocabularies.reduce((sum, vocabulary) => sum + vocabulary.size, 0);
  say(
    // One OOV row for each field may be counted or not.
    same === undefined || Math.abs(features - most(paperData[same])) > fields.length,
    `The table has ${count(features)} rows (the paper: ${each((data) => count(most(data)))}).`,
  );
  say(
    options.split !== 'random',
    `The split is '${options.split}' (the paper: random, 8:1:1; \`prepare --split random\`).`,
  );
  say(
    !splits.some(({ name }) => name === 'test'),
    'There is no test split: the scores are of the validation split, which also chose the epoch (the paper: test).',
  );
  say(
    typeof options.negativeSampling === 'number' && options.negativeSampling !== 1,
    `Only ${options.negativeSampling} of the training rows without a click are there (the paper: all).`,
  );
  say(
    manifest.extends !== undefined,
    'The data extend another data set, whose rows they do not hold (the paper: one data set).',
  );
  say(
    manifest.skipped !== undefined,
    `${count(manifest.skipped?.rows ?? 0)} bad rows were left out (the paper: none).`,
  );
  return differences;
}

/** A training of the table: its name there, its configuration, and the paper's for the same place. */
export interface JudgedRun {
  name: string;
  config: Config;
  references: readonly Reference[];
}

/** A difference of some rows only names them. */
export function runDifferences(runs: readonly JudgedRun[]): string[] {
  const found = new Map<string, string[]>();
  for (const { name, config, references } of runs) {
    for (const sentence of configDifferences(config, references)) {
      found.set(sentence, [...(found.get(sentence) ?? []), name]);
    }
  }
  return [...found].map(([sentence, names]) => {
    const whose = [...new Set(names)];
    return whose.length === new Set(runs.map(({ name }) => name)).size
      ? sentence
      : `${whose.join(', ')}: ${sentence.charAt(0).toLowerCase()}${sentence.slice(1)}`;
  });
}

/** @param seeds how many */
export function seedDifferences(seeds: number): string[] {
  if (seeds >= leastSeeds) return [];
  return [`${seeds} seed${seeds === 1 ? '' : 's'} (the paper: each experiment at least five times).`];
}
