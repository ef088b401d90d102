// The specification of every kernel: plain loops over the same memory, in terms of quantization/ and random/.
import type { Kernels } from './kernels.js';
import { referenceBatchKernels } from './reference-batch.js';
import { referenceGridKernels } from './reference-grid.js';
import { referenceLookupKernels } from './reference-lookup.js';
import { referenceMagnitudeKernels } from './reference-magnitudes.js';
import { referenceOptimizerKernels } from './reference-optimizers.js';
import { referenceDropout } from './reference-random.js';
import { referenceRowLossKernels } from './reference-row-losses.js';
import { referenceRowKernels } from './reference-rows.js';

/** Slow and obvious; agrees with `wasmKernels` in every bit. The memory must not grow. */
export function referenceKernels(memory: WebAssembly.Memory): Kernels {
  const rows = referenceRowKernels(memory);
  let header = 0;
  return {
    ...rows,
    bind(work, at) {
      header = at;
      rows.bind(work, at);
    },
    ...referenceGridKernels(memory),
    ...referenceMagnitudeKernels(memory, () => header),
    ...referenceOptimizerKernels(memory),
    ...referenceBatchKernels(memory),
    ...referenceDropout(memory),
    ...referenceLookupKernels(memory),
    ...referenceRowLossKernels(memory),
  };
}
