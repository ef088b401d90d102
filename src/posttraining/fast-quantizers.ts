// The quantizers that have a kernel: faster by far than the registry's own, and equal to them in every bit. The registry's are
// the specification, and do the work for all others.
import { searchRules } from '../kernels/quantizing.js';
import * as greedy from './greedy.js';
import * as greedyTorch from './greedy-torch.js';
import { BINS } from './greedy-walk.js';
import { type BlockKernel, kernelQuantizer } from './kernel-quantizer.js';
import type { BlockQuantizer, QuantizerSettings, QuantizerSpec, RowSource } from './quantizer.js';
import { type QuantizerName, quantizers } from './registry.js';

const sideBytes = { fp32: 4, fp16: 2 } as const;

const minMaxKernel =
  ({ dim, bits, side }: QuantizerSettings): BlockKernel =>
  (kernels, { values, codes, scales, biases }, count) =>
    kernels.quantizeMinMax(values, count, dim, bits, sideBytes[side], codes, scales, biases);

const greedyKernel =
  (binsKept: number, rule: number, mostLost: number) =>
  ({ dim, bits, side }: QuantizerSettings): BlockKernel =>
  (kernels, { values, codes, scales, biases, work }, count) => {
    const search = [BINS, binsKept, rule, mostLost] as const;
    const out = [codes, scales, biases, work] as const;
    kernels.quantizeGreedy(values, count, dim, bits, sideBytes[side], ...search, ...out);
  };

/** By name: what the kernel of a quantizer is for some settings. */
export const blockKernels: Partial<Record<QuantizerName, (settings: QuantizerSettings) => BlockKernel>> = {
  minmax: minMaxKernel,
  'greedy-torch': greedyKernel(greedyTorch.BINS_KEPT, searchRules.turning, 0),
  greedy: greedyKernel(greedy.BINS_KEPT, searchRules.best, greedy.LOST),
};

/** The quantizer of a table, by a kernel where there is one. */
export async function createQuantizer<Name extends QuantizerName>(
  method: Name,
  settings: QuantizerSettings,
  table: RowSource,
): Promise<BlockQuantizer<(typeof quantizers)[Name]['kind']>> {
  const kernel = blockKernels[method];
  // Kernels give scales and biases, and stand only for quantizers that do.
  if (kernel) return kernelQuantizer(settings.dim, kernel(settings)) as BlockQuantizer<'affine'>;
  const spec: QuantizerSpec = quantizers[method];
  // Of all kinds it is the one of its name.
  return spec.create(settings, table) as Promise<BlockQuantizer<(typeof quantizers)[Name]['kind']>>;
}
