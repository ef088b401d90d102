// Every table and figure that can be reproduced: one file and one line add one.
import { figure3 } from './figure3.js';
import { figure4 } from './figure4.js';
import { posttraining } from './posttraining.js';
import type { Reproduction } from './reproduction.js';
import { table1 } from './table1.js';
import { table2 } from './table2.js';
import { table3 } from './table3.js';

export const reproductions = {
  table1,
  table2,
  table3,
  figure3,
  figure4,
  posttraining,
} as const satisfies Record<string, Reproduction>;

export type ReproductionName = keyof typeof reproductions;
/** In the order of the registry. */
export const reproductionNames = Object.keys(reproductions) as ReproductionName[];
