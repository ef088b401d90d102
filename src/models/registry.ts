// Every model. One file and one line add one.
import { dcn } from './dcn.js';
import { deepfm } from './deepfm.js';
import { fm } from './fm.js';
import { logisticRegression } from './logistic-regression.js';
import { wideDeep } from './wide-deep.js';

export const models = {
  dcn,
  'logistic-regression': logisticRegression,
  fm,
  'wide-deep': wideDeep,
  deepfm,
};

export type ModelName = keyof typeof models;
/** In the order of the registry. */
export const modelNames = Object.keys(models) as [ModelName, ...ModelName[]];
