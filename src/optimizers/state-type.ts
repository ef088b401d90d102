// The option `optimizer.state`: what a rule's moments are stored as, of the types that have something to work on there.
// What the types are is told in quantization/moments.ts.
import type { Zod } from '../options.js';
import { stateTypes } from '../quantization/moments.js';

/** Rules that keep a number for each value have all types. */
export const valueStateOption = (z: Zod) => z.enum(stateTypes).default('fp32');

/** Rules that keep one number for a row. */
export const rowStateOption = (z: Zod) =>
  z
    .enum(
      ['fp32', 'bf16'],
      withHelp('int8 is for one number per value; this rule keeps one for the row, 2 bytes in bf16'),
    )
    .default('fp32');

/** Rules that keep nothing. */
export const noStateOption = (z: Zod) =>
  z.enum(['fp32'], withHelp('this rule keeps no state, so there is nothing to make smaller')).default('fp32');

/** A message of the schema's own is the help of the error (runs/resolve-config.ts). */
function withHelp(help: string) {
  return { error: `help: ${help}` };
}
