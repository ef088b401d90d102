// Where a configuration differs from the paper's, in words. Says also who states the paper's value: the paper, the open
// benchmark (BARS) it refers to for its network, or nobody, where bitrow's preset fills the gap.
import type { Config } from '../../runs/config.js';
import { nothing } from './page.js';

export interface Reference {
  /** Avazu, Criteo. */
  name: string;
  config: Config;
}

type Source = 'the paper' | 'the benchmark that the paper refers to' | 'the preset of bitrow';

/** What of a configuration a result depends on. What is not here changes no result, or is a method's own option. */
const known: Record<string, [words: string, source: Source]> = {
  'model.name': ['The network', 'the paper'],
  'model.dim': ['D, the width of an embedding,', 'the paper'],
  'model.crossLayers': ['The number of cross layers', 'the benchmark that the paper refers to'],
  'model.hidden': ['The MLP', 'the benchmark that the paper refers to'],
  'model.dropout': ['Dropout', 'the paper'],
  'model.batchNorm': ['Batch normalization', 'the benchmark that the paper refers to'],
  'model.initialDeviation': ['The deviation of initial values', 'the preset of bitrow'],
  'optimizer.name': ['The optimizer of rows', 'the paper'],
  'optimizer.learningRate': ['The learning rate', 'the paper'],
  'optimizer.drops.afterEpochs': ['The list of epochs after which the learning rate drops', 'the paper'],
  'optimizer.drops.factor': ['The factor of those drops', 'the paper'],
  'optimizer.weightDecay': ['The weight decay of embeddings', 'the paper'],
  'dense.learningRate': ["The dense network's learning rate", 'the paper'],
  'dense.weightDecay': ["The dense network's weight decay", 'the benchmark that the paper refers to'],
  'alpt.stepLearningRate': ['The learning rate of the step size', 'the paper'],
  'alpt.stepWeightDecay': ['The weight decay of the step size', 'the paper'],
  'alpt.gradientScale': ['The gradient scaling of the step size', 'the paper'],
  'lpt.clip': ['The clip', 'the paper'],
  'training.epochs': ['The most epochs', 'the paper'],
  'training.batchSize': ['The batch size', 'the paper'],
  'training.patience': ['The number of epochs to wait for a better one', 'the preset of bitrow'],
};

/** A sentence for each option whose value is none of the references'. */
export function configDifferences(config: Config, references: readonly Reference[]): string[] {
  const ours = flatten(config, config.method.name);
  const theirs = references.map((reference) => ({
    name: reference.name,
    values: flatten(reference.config, config.method.name),
  }));
  const differences: string[] = [];
  for (const [path, value] of ours) {
    const others = theirs.map(({ name, values }) => ({ name, value: values.get(path) }));
    if (others.some((other) => other.value === value)) continue;
    // Under another name a section has options of its own: the name says enough.
    const name = `${path.split('.')[0]}.name`;
    const isRenamed = ours.has(name) && theirs.every(({ values }) => values.get(name) !== ours.get(name));
    if (isRenamed && !Object.hasOwn(known, path)) continue;
    const [words, source] = known[path] ?? [path, 'the preset of bitrow'];
    const said = new Set(others.map((other) => other.value));
    const values =
      said.size === 1
        ? (others[0].value ?? nothing)
        : others.map((other) => `${other.value ?? nothing} on ${other.name}`).join(', ');
    differences.push(`${words} is ${value} (${source}: ${values}).`);
  }
  return differences;
}

/** The options a method's result depends on, path by path. */
function flatten(config: Config, method: string): Map<string, string> {
  const { model, optimizer, dense, training } = config;
  const own = Object.entries(config).find(([section]) => section === method)?.[1];
  const sections = { model, optimizer, dense, training, [method]: own };
  const values = new Map<string, string>();
  const visit = (path: string, value: unknown) => {
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      for (const [key, inner] of Object.entries(value)) visit(path === '' ? key : `${path}.${key}`, inner);
    } else values.set(path, Array.isArray(value) ? `[${value.join(', ')}]` : written(value));
  };
  visit('', sections);
  values.delete('training.seed');
  // How rows are divided for computing: sums are the same but for last bits.
  values.delete('training.microBatch');
  return values;
}

/** Small numbers as 1e-5. */
function written(value: unknown): string {
  return typeof value === 'number' && value !== 0 && Math.abs(value) < 1e-3
    ? value.toExponential()
    : String(value);
}
