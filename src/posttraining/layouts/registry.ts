// Every row layout by its name, as `--layout` and the metadata of files have it: one file and one line each.
import { bitrowRows } from './bitrow-rows.js';
import type { RowLayout } from './layout.js';
import { torchRows } from './torch-rows.js';

export const layouts = {
  'bitrow-rows': bitrowRows,
  'torch-rows': torchRows,
} as const satisfies Record<string, RowLayout>;
export type LayoutName = keyof typeof layouts;
export const layoutNames = Object.keys(layouts) as [LayoutName, ...LayoutName[]];
