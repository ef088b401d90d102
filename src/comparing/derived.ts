// The models that are made from another's after training: `round` and `magnitude` of `full`.
import type { Config } from '../runs/config.js';

/** Makes the run of a derived method from the best model of the run `from`. */
export async function derive(_options: {
  from: string;
  out: string;
  config: Config;
  force: boolean;
}): Promise<void> {
  throw new Error('No method of this version is made from another.');
}
