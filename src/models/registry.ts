// Every model. One file and one line add one.
import { dcn } from './dcn.js';

export const models = { dcn };

export type ModelName = keyof typeof models;
export const modelNames = Object.keys(models) as [ModelName, ...ModelName[]];
