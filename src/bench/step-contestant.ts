// Who takes part in `bitrow bench step`: a method with its settings, on a number of threads, and what was measured of it.
import type { PartialConfig } from '../runs/resolve-config.js';
import type { Trainer } from '../training/trainer.js';

export const stepVariants = {
  full: { settings: { method: { name: 'full' } }, products: 3 },
  alpt: { settings: { method: { name: 'alpt', bits: 8 } }, products: 5 },
  'alpt sampled': { settings: { method: { name: 'alpt', bits: 8 }, alpt: { pass: 'sampled' } }, products: 4 },
  'alpt reuse': { settings: { method: { name: 'alpt', bits: 8 }, alpt: { pass: 'reuse' } }, products: 3 },
} as const satisfies Record<
  string,
  {
    settings: PartialConfig;
    /** Of each layer, in a step: three, and for a second pass over everything two more. */
    products: number;
  }
>;
export type StepVariant = keyof typeof stepVariants;
export const threadCounts = [1, 2] as const;
export type Threads = (typeof threadCounts)[number];

/** What a team spends its time on; what is left of 1 are rows and dense parameters. */
export interface TimeShares {
  network: number;
  /** At barriers, and for a batch. */
  waiting: number;
}

export interface Contestant {
  variant: StepVariant;
  threads: Threads;
  trainer: Trainer;
  losses: number[];
  stepMs: number[];
  /** Shares of all threads' time, per turn. */
  shares: TimeShares[];
}
