// All operators. The map is total: an operator of node.ts without its four rules is a compile error here.
import type { OperatorName } from '../node.js';
import { binary } from './binary.js';
import { interactions } from './interactions.js';
import { layout } from './layout.js';
import type { Rules } from './operator.js';
import { products } from './products.js';
import { sums } from './sums.js';
import { unary } from './unary.js';

export const operators: Rules<OperatorName> = {
  ...binary,
  ...unary,
  ...products,
  ...interactions,
  ...sums,
  ...layout,
};
