// What all rules with moments share: how many bytes they are, and the way to the kernels. Kernels know moments as fp32
// numbers, whatever they are stored as.
import { stateNumbers } from '../kernels/row-state.js';
import { momentBytes, type StateType } from '../quantization/moments.js';
import { type Correction, correctionAt, correctionBytes } from './correction.js';
import { momentStreams, type Optimizer } from './optimizer.js';

/** A rule with moments. */
export interface MomentRule {
  readonly name: string;
  /** Whether each value has a second moment, or the row has one. */
  readonly second: 'values' | 'row';
  /** Decay of the first moments; null: there are none, and the gradient stands for them. */
  readonly beta1: number | null;
  /** Decay of the second moment; null: it is a sum. */
  readonly beta2: number | null;
  readonly epsilon: number;
  readonly state: StateType;
  readonly correction: Correction;
}

/** The optimizer of a rule. */
export function momentRule({
  name,
  second,
  beta1,
  beta2,
  epsilon,
  state,
  correction,
}: MomentRule): Optimizer {
  const hasFirst = beta1 !== null;
  return {
    name,
    stateBytes: (dim) =>
      (hasFirst ? momentBytes(state, dim) : 0) +
      momentBytes(state, second === 'row' ? 1 : dim) +
      correctionBytes(correction),
    change(kernels, at, block, { trainingStep, learningRate, weightDecay }) {
      const by = correctionAt(correction, trainingStep, beta1 ?? 0, beta2 ?? 0);
      const streams = momentStreams[at.of];
      kernels.bindState(
        at.states,
        at.stride,
        at.firstRow,
        stateNumbers[state],
        hasFirst ? 1 : 0,
        trainingStep,
        streams.first,
        streams.second,
      );
      const adapt = second === 'row' ? kernels.adaptRows : kernels.adaptValues;
      adapt(
        block.rows,
        block.count,
        block.dim,
        block.values,
        block.gradient,
        block.change,
        learningRate / by.first,
        beta1 ?? 0,
        beta2 ?? 1,
        epsilon,
        weightDecay,
        by.start,
        by.second,
      );
    },
  };
}
