// Every model. One file and one line add one.
import { dcn } from './dcn.js';

export const models = { dcn };

export type ModelName = keyof typeof models;
/** In the order of the registry. */
export const modelNames = Object.keys(models) as [ModelName, ...ModelName[]];
