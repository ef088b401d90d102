// Every model. One file and one line add one.
import { dcn } from './dcn.js';
import { dcnV2 } from './dcn-v2.js';
import { deepfm } from './deepfm.js';
import { dlrm } from './dlrm.js';
import { dnn } from './dnn.js';
import { fm } from './fm.js';
import { logisticRegression } from './logistic-regression.js';
import { wideDeep } from './wide-deep.js';

export const models = {
  dcn,
  'dcn-v2': dcnV2,
  dnn,
  deepfm,
  'wide-deep': wideDeep,
  fm,
  dlrm,
  'logistic-regression': logisticRegression,
};

export type ModelName = keyof typeof models;
/** In the order of the registry. */
export const modelNames = Object.keys(models) as [ModelName, ...ModelName[]];
