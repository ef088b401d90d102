// The quantizers that have a kernel: faster by far than the registry's own, and equal to them in every bit. The registry's are
// the specification, and do the work for all others.
import { type BlockKernel, kernelQuantizer } from './kernel-block.js';
import type { BlockQuantizer, QuantizerSettings, QuantizerSpec, RowSource } from './quantizer.js';
import { type QuantizerName, quantizers } from './registry.js';

const sideBytes = { fp32: 4, fp16: 2 } as const;

/** By name: what the kernel of a quantizer is for some settings. */
export const blockKernels: Partial<Record<QuantizerName, (settings: QuantizerSettings) => BlockKernel>> = {
  minmax:
    ({ dim, bits, side }) =>
    (kernels, { values, codes, scales, biases }, count) =>
      kernels.quantizeMinMax(values, count, dim, bits, sideBytes[side], codes, scales, biases),
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
