// Every update rule of rows. One file and one line add one.
import { adam } from './adam.js';
import { rowwiseAdagrad } from './rowwise-adagrad.js';

export const optimizers = {
  adam,
  'rowwise-adagrad': rowwiseAdagrad,
};

export type OptimizerName = keyof typeof optimizers;
/** In the order of the registry. */
export const optimizerNames = Object.keys(optimizers) as [OptimizerName, ...OptimizerName[]];
