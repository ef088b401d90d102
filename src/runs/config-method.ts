// What a configuration says of its method, where the method has a say in it too. Apart from the schema, so that a training
// thread need not load that.
import { hasTiers, methods, onlyRounding } from '../embedding/methods.js';
import type { Rounding } from '../embedding/table.js';
import type { CodeBits } from '../quantization/grid.js';
import type { Config } from './config.js';

/** Width of the stored codes, for methods that have one. */
export function configBits(config: Config): CodeBits | null {
  return methods[config.method.name].isQuantized ? config.method.bits : null;
}

/** Width of hot rows, for methods that have them and where they are asked for. */
export function configHotBits({ method }: Config): CodeBits | null {
  return hasTiers(method.name) ? method.hotBits : null;
}

/** How codes are rounded: by `--rounding`, or as the method is defined; null for methods without codes. */
export function configRounding({ method }: Config): Rounding | null {
  if (!methods[method.name].isQuantized) return null;
  return onlyRounding(method.name) ?? method.rounding;
}
