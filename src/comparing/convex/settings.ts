// The learning rates that figure 3 is drawn with. The paper says only "SGD with learning rate η = 1"; taken literally
// that cannot give its picture, so the literal one stands beside others.
import type { Rate } from './descent.js';

export interface RateSetting {
  /** As people write it. */
  name: string;
  rate: Rate;
  /** What happens, in words; where it does not give the paper's picture, why. */
  says: string;
}

export const rateSettings = {
  literal: {
    name: 'η = 1, as printed',
    rate: () => 1,
    says:
      'The gradient is 2(w − 0.5), so a step of η = 1 takes every weight from w to 1 − w and the next one back. ' +
      'No weight comes nearer to 0.5, whatever the precision: the three distributions never change.',
  },
  constant: {
    name: 'η = 0.1',
    rate: () => 0.1,
    says:
      'The setting that gives the picture of the paper: SR goes on as full precision does, while DR stands still where ' +
      '|η∇f| < Δ/2, that is within Δ/(4η) = 0.025 of 0.5. Its weights pile up at the rim, two steps from the optimum.',
  },
  decaying: {
    name: 'η_t = 0.1/√t',
    rate: (t: number) => 0.1 / Math.sqrt(t),
    says:
      'The same picture with the decay that the theorems assume: DR stands still further away, because the radius Δ/(4η_t) ' +
      'within which it stops grows with √t.',
  },
  literalDecaying: {
    name: 'η_t = 1/√t',
    rate: (t: number) => 1 / Math.sqrt(t),
    says:
      'With the decay of the theorems and η = 1 the factor 1 − 2/√t is exactly 0 at t = 4: all weights of all three are ' +
      'at 0.5 from then on.',
  },
  averaged: {
    name: 'η = 1 on the mean over 1000 parameters',
    rate: () => 1 / 1000,
    says:
      'If the loss were the mean over the parameters, each would move by η = 1/1000 of its gradient, at most a tenth of Δ: ' +
      'DR never moves at all, where the paper has it stop after 10 iterations.',
  },
} as const satisfies Record<string, RateSetting>;

export type RateName = keyof typeof rateSettings;
export const rateNames = Object.keys(rateSettings) as RateName[];
