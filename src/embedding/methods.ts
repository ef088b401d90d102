// Every embedding method. One file and one line add one: the command line, the configuration's schema and the
// conformance tests follow.
import { alpt } from './alpt.js';
import { full } from './full.js';
import { lpt } from './lpt.js';
import { magnitude } from './magnitude.js';
import { pruning } from './pruning.js';
import { round } from './round.js';

export const methods = { full, lpt, alpt, pruning, magnitude, round };

export type MethodName = keyof typeof methods;
/** In the order of the registry. */
export const methodNames = Object.keys(methods) as [MethodName, ...MethodName[]];
