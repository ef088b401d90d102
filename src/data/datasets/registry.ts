// Every data set that `bitrow prepare` knows by name: one file and one line each.
import { avazu } from './avazu.js';
import { criteo } from './criteo.js';
import type { Dataset } from './dataset.js';
import { flights } from './flights.js';
import { frappe } from './frappe.js';
import { movielens } from './movielens.js';

export const datasets = { criteo, avazu, flights, frappe, movielens } as const satisfies Record<
  string,
  Dataset
>;
export type DatasetName = keyof typeof datasets;

export const datasetNames = Object.keys(datasets) as DatasetName[];

export function isDatasetName(name: string): name is DatasetName {
  return Object.hasOwn(datasets, name);
}
