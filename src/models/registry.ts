// Every model. One file and one line add one.
import { dcn } from './dcn.js';
import { dcnV2 } from './dcn-v2.js';
import { dlrm } from './dlrm.js';
import { dnn } from './dnn.js';

export const models = {
  dcn,
  'dcn-v2': dcnV2,
  dnn,
  dlrm,
};

export type ModelName = keyof typeof models;
/** In the order of the registry. */
export const modelNames = Object.keys(models) as [ModelName, ...ModelName[]];
