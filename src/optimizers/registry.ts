// Every update rule of rows. One file and one line add one.
import { adagrad } from './adagrad.js';
import { adam } from './adam.js';
import { rms } from './rms.js';
import { rowwiseAdagrad } from './rowwise-adagrad.js';
import { rowwiseAdam } from './rowwise-adam.js';
import { rowwiseRms } from './rowwise-rms.js';
import { sgd } from './sgd.js';

export const optimizers = {
  adam,
  'rowwise-adam': rowwiseAdam,
  rms,
  'rowwise-rms': rowwiseRms,
  adagrad,
  'rowwise-adagrad': rowwiseAdagrad,
  sgd,
};

export type OptimizerName = keyof typeof optimizers;
/** In the order of the registry. */
export const optimizerNames = Object.keys(optimizers) as [OptimizerName, ...OptimizerName[]];
