// What a run's configuration allows to be different when training goes on from it, or another model is made from it.
import { methodNames } from '../embedding/methods.js';
import { UserError } from '../errors.js';
import type { Config } from './config.js';

/** One option that is not what it was. */
interface Difference {
  path: string;
  was: unknown;
  is: unknown;
}

/**
 * For `--resume`: everything stays, only `training.epochs` may grow.
 *
 * @throws UserError naming the first option that differs, with both values
 */
export function requireSameConfig(run: Config, given: Config): void {
  for (const difference of differences(run, given)) {
    if (difference.path !== 'training.epochs') {
      throw differs(difference, 'leave it out, or train another run with another --out');
    }
    if (given.training.epochs < run.training.epochs) throw differs(difference, 'the epochs may only grow');
  }
}

/** For `--from`: what rows, dense parameters and their optimizer state depend on, and the seed of initial rows. */
const kept =
  /^(model\.(?!dropout$)|method\.(name|bits|hotBits|hotShare|stepType)$|optimizer\.(name|state|correction)$|training\.seed$)/;

/** And of the method's own options what the state of its steps means. */
const keptOwn = ['stepOptimizer', 'stepState', 'stepDomain'];

/** For `--from`. @throws UserError naming the first option that may not differ and does, with both values */
export function requireSameModel(run: Config, given: Config): void {
  const own = keptOwn.map((option) => `${run.method.name}.${option}`);
  const difference = differences(run, given).find(({ path }) => kept.test(path) || own.includes(path));
  if (difference) {
    throw differs(difference, 'its weights and optimizer state mean something only with the same value');
  }
}

/**
 * For a run that is made from another's model: only what comes after the training differs.
 *
 * @throws UserError naming the first option that differs of a section that both read
 */
export function requireSameTraining(run: Config, given: Config): void {
  // What other methods would read has no say, and a preset sets it by the width.
  const own: string[] = ['method', ...methodNames];
  const difference = differences(run, given).find(({ path }) => !own.includes(path.split('.', 1)[0]));
  if (difference) throw differs(difference, 'make it from a run with the same value');
}

function differs({ path, was, is }: Difference, help: string): UserError {
  return new UserError(`${path} is ${JSON.stringify(is)}, but the run has ${JSON.stringify(was)}.`, help, 2);
}

/** Every option, by its path; lists count as one value. */
function differences(run: Config, given: Config): Difference[] {
  const [was, is] = [run, given].map((config) => new Map(leaves(config, '')));
  return [...new Set([...was.keys(), ...is.keys()])]
    .map((path) => ({ path, was: was.get(path) ?? null, is: is.get(path) ?? null }))
    .filter(({ was, is }) => JSON.stringify(was) !== JSON.stringify(is));
}

function leaves(value: unknown, path: string): [path: string, value: unknown][] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [[path, value]];
  return Object.entries(value).flatMap(([key, inner]) => leaves(inner, path === '' ? key : `${path}.${key}`));
}
