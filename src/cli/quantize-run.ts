// `bitrow quantize RUN`.
import { UserError } from '../errors.js';
import type { Invocation, Result } from './command.js';
import type { QuantizeOptions } from './quantize.js';

/** Quantizes the table of a run. */
export async function quantizeRun(
  run: string,
  _given: QuantizeOptions,
  _invocation: Pick<Invocation, 'json' | 'signal'>,
): Promise<Result> {
  throw new UserError(`'${run}' is a run: only .npy and .safetensors files can be quantized yet.`);
}
