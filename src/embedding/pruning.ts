// Pruning while training, as DeepLight does (Deng et al., WSDM 2021; its code): every few batches the values that are
// smallest by magnitude, over the whole table, are set to zero, a share of it that grows towards `sparsity`. There is
// no mask: a value set to zero has gradients like any other and may grow again, which is what retrains the rest.
//
//   S_t = S · (1 − 0.99^(n / 100)), n: batches since the warm-up; after every 10th batch and at the end of an epoch
//
// The share comes close to S only after tens of thousands of batches. The model that is scored and stored at the end
// of an epoch has exactly S: what is still missing is read as zero, and training goes on without it being so.
import type { OptionsOf, Zod } from '../options.js';
import { magnitude, sparsityOption } from './magnitude.js';
import type { EpochPosition, Method, MethodSpec } from './method.js';
import { findSmallest, shareOf, zeroSmallest } from './smallest.js';

const options = (z: Zod) =>
  z.strictObject({
    sparsity: sparsityOption(z),
    /** Epochs before the first value is pruned. */
    warmUpEpochs: z.int().min(0).default(0),
  });
type Options = OptionsOf<typeof options>;

/** Batches from one pruning to the next. */
const INTERVAL = 10;
const DAMPING = 0.99;
const PERIOD = 100;

/** S_t, the share that is zero after a batch; null where that batch is followed by no pruning. */
export function targetSparsity({ sparsity, warmUpEpochs }: Options, position: EpochPosition): number | null {
  const { epoch, batch, batches } = position;
  const n = (epoch - 1 - warmUpEpochs) * batches + batch;
  if (epoch <= warmUpEpochs || (n % INTERVAL !== 0 && batch !== batches)) return null;
  return sparsity * (1 - DAMPING ** (n / PERIOD));
}

/** DeepLight's pruning of the table. */
export const pruning = {
  summary: '32-bit rows, the smallest values set to zero while training',
  isQuantized: false,
  options,
  create(settings): Method {
    const { options } = settings;
    // Trains as `full`, and at an epoch's end exactly S is read as zero.
    const method = magnitude.create({ ...settings, options: { sparsity: options.sparsity } });
    return {
      ...method,
      async trainStep(step) {
        await method.trainStep(step);
        const target = targetSparsity(options, step.position);
        if (target === null) return;
        const { table } = step;
        step.together((share) => {
          zeroSmallest(table, findSmallest(table, shareOf(table, target), share), share);
        });
      },
    };
  },
} satisfies MethodSpec<Options>;
