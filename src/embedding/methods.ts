// Every embedding method. One file and one line add one: the command line, the configuration's schema and the
// conformance tests follow.
import { alpt } from './alpt.js';
import { full } from './full.js';
import { hashing } from './hashing.js';
import { lpt } from './lpt.js';
import { lptRow } from './lpt-row.js';
import { lsq } from './lsq.js';
import { magnitude } from './magnitude.js';
import type { MethodSpec } from './method.js';
import { nested } from './nested.js';
import { pact } from './pact.js';
import { pruning } from './pruning.js';
import { round } from './round.js';
import type { Rounding } from './table.js';

export const methods = {
  full,
  lpt,
  alpt,
  'lpt-row': lptRow,
  nested,
  lsq,
  pact,
  hashing,
  pruning,
  magnitude,
  round,
};

export type MethodName = keyof typeof methods;
/** In the order of the registry. */
export const methodNames = Object.keys(methods) as [MethodName, ...MethodName[]];

/** The one rounding that a method is defined with; null where `--rounding` chooses, or has no meaning. */
export function onlyRounding(name: MethodName): Rounding | null {
  return (methods[name] as MethodSpec<unknown>).rounding ?? null;
}

/** Whether some of its rows can be stored in more bits than the others (tiers.ts). */
export function hasTiers(name: MethodName): boolean {
  return (methods[name] as MethodSpec<unknown>).hasTiers ?? false;
}

/** Whether each row of codes has a step of its own, whose type can be chosen. */
export function hasRowSteps(name: MethodName): boolean {
  return (methods[name] as MethodSpec<unknown>).hasRowSteps ?? false;
}
