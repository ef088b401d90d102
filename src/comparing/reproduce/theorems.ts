// Theorems 1 and 2 on the convex problem, where every constant of theirs is known: the measured F(w̄_T) − F* beside the
// bounds. Both are divided by d, so that numbers are per parameter.
import {
  type BoundConstants,
  deterministicBound,
  lastMovingAsPrinted,
  lastMovingSquared,
  stochasticBound,
} from '../convex/bounds.js';
import type { Precision } from '../convex/descent.js';
import { precisions } from '../convex/experiment.js';
import { problem } from '../convex/problem.js';
import { measureSuboptimality, type Suboptimality } from '../convex/suboptimality.js';
import { drawBounds } from './draw-bounds.js';
import { nothing, type Section } from './page.js';
import { precisionColors } from './palette.js';

/** The η of η_t = η/√t that are looked at: figure 3's, and one at which DR hardly moves. */
export const theoremRates = [0.1, 0.01] as const;

const measuredTo = 10_000;
const drawnTo = 1_000_000;

export interface TheoremCheck {
  constants: BoundConstants;
  asPrinted: number;
  squared: number;
  measured: Record<Precision, Suboptimality[]>;
  /** Whether SR stays below theorem 1's bound, at every T looked at and in every repetition. */
  holds: boolean;
  /** The first T looked at where DR lies above the bound of theorem 1, which is SR's; null: none. */
  deterministicAbove: number | null;
}

/**
 * The domain is [0, 1]^d: no iterate leaves it, since 1 − 2η_t lies between −1 and 1 and 0, 0.5 and 1 are on the grid. Its
 * diameter is √d, and ‖∇F‖ = ‖2(w − 0.5)‖ ≤ √d on it.
 */
export function constantsAt(learningRate: number, parameters: number = problem.parameters): BoundConstants {
  const root = Math.sqrt(parameters);
  return { learningRate, dimension: parameters, diameter: root, gradient: root, step: problem.step };
}

/** Measures one η. */
export function checkTheorems(
  learningRate: number,
  options: { seed: number; repetitions?: number; parameters?: number; iterations?: number },
): TheoremCheck {
  const { seed, repetitions = 5, parameters = problem.parameters, iterations = measuredTo } = options;
  const constants = constantsAt(learningRate, parameters);
  const measure = (precision: Precision, last: number) =>
    measureSuboptimality({
      precision,
      learningRate,
      iterations: lookedAt(last),
      repetitions,
      seed,
      parameters,
    });
  const measured = {
    full: measure('full', iterations),
    // It stands still long before, so that the rest is known without running it.
    deterministic: measure('deterministic', drawnTo),
    stochastic: measure('stochastic', iterations),
  };
  const bound = (T: number) => stochasticBound(T, constants) / parameters;
  return {
    constants,
    asPrinted: lastMovingAsPrinted(constants),
    squared: lastMovingSquared(constants),
    measured,
    holds: measured.stochastic.every((point) => point.high <= bound(point.iterations)),
    deterministicAbove:
      measured.deterministic.find((point) => point.mean > bound(point.iterations))?.iterations ?? null,
  };
}

/** 1, 2, … evenly on a logarithmic scale, 8 to a decade. */
function lookedAt(last: number): number[] {
  const count = Math.round(8 * Math.log10(last));
  return [...new Set(Array.from({ length: count + 1 }, (_, i) => Math.round(10 ** (i / 8))))];
}

/** The part of figure 3's page about them. */
export async function theoremSections(checks: readonly TheoremCheck[]): Promise<Section[]> {
  const title = 'Theorems 1 and 2 on the convex problem';
  const svg = await drawBounds(checks.map(panel), title);
  const first = checks[0];
  return [
    { kind: 'heading', text: 'Theorems 1 and 2' },
    {
      kind: 'text',
      text:
        `F is the sum of the losses of d = ${first.constants.dimension} parameters, trained with η_t = η/√t; everything shown is divided by d. ` +
        'On [0, 1]^d, which no iterate leaves, every constant is known:',
    },
    {
      kind: 'list',
      items: [
        'D = √d, the diameter of the domain; G = √d, since ∇f = 2(w − 0.5) is at most 1 there; F* = 0 at w = 0.5; Δ = 0.01.',
        'The mean of the iterates w̄_T counts w^1, the rounded starting point, to w^T. The line is the mean of the repetitions, the band goes from the lowest to the highest.',
        ...checks.map(
          ({ constants, asPrinted, squared }) =>
            `T₀ of theorem 2 at η = ${constants.learningRate}: ⌊2ηG/(√d·Δ)⌋ = ${asPrinted} as printed. By remark 1 an update is sure to be erased when ` +
            `(η/√t)·G < √d·Δ/2, that is for t > (2ηG/(√d·Δ))² = ${squared}; the printed one lacks the square, possibly a slip of the pen. Both are drawn.`,
        ),
      ],
    },
    {
      kind: 'figure',
      figure: {
        name: 'theorems',
        title,
        caption:
          'Lines: measured, with the span of repetitions. Broken: the bounds. SR falls as FP does; DR stands still, and what it is left with grows as η gets smaller. ' +
          'The bounds are for the worst case: the floor that theorem 1 leaves SR, Δ/2 for a parameter, is not seen here, since 0.5 is on the grid and holds whatever reaches it.',
        svg,
      },
    },
    { kind: 'table', table: theoremTable(checks) },
    { kind: 'list', items: checks.flatMap(findings) },
  ];
}

const perParameter = (value: number, { dimension }: BoundConstants) => value / dimension;

function panel({ constants, asPrinted, squared, measured }: TheoremCheck) {
  const iterations = lookedAt(drawnTo);
  const curve = (bound: (T: number) => number) =>
    iterations.map((T) => ({ iterations: T, value: perParameter(bound(T), constants) }));
  return {
    title: `η_t = ${constants.learningRate}/√t`,
    measured,
    bounds: [
      {
        name: 'theorem 1 (SR)',
        color: precisionColors.stochastic,
        dash: '6,3',
        points: curve((T) => stochasticBound(T, constants)),
        label: { at: 0.4, isBelow: true },
      },
      {
        name: 'theorem 2 (DR), T₀ as printed',
        color: precisionColors.deterministic,
        dash: '6,3',
        points: curve((T) => deterministicBound(T, constants, asPrinted)),
        label: { at: 0.55, isBelow: false },
      },
      {
        name: 'theorem 2, T₀ squared',
        color: precisionColors.deterministic,
        dash: '2,3',
        points: curve((T) => deterministicBound(T, constants, squared)),
        label: { at: 0.99, isBelow: true },
      },
    ],
  };
}

function theoremTable(checks: readonly TheoremCheck[]) {
  const at = [10, 100, 1000, measuredTo];
  const number = (value: number | undefined) => (value === undefined ? nothing : value.toExponential(2));
  return {
    corner: 'η, T',
    groups: [
      { title: 'measured', columns: precisions.map((precision) => names[precision]) },
      { title: 'bound', columns: ['theorem 1', 'theorem 2, T₀ as printed', 'theorem 2, T₀ squared'] },
    ],
    rows: checks.flatMap(({ constants, asPrinted, squared, measured }) =>
      at.map((T) => ({
        name: `${constants.learningRate}, ${T}`,
        cells: [
          ...precisions.map((precision) =>
            number(measured[precision].find(({ iterations }) => iterations === T)?.mean),
          ),
          ...[
            stochasticBound(T, constants),
            deterministicBound(T, constants, asPrinted),
            deterministicBound(T, constants, squared),
          ].map((bound) => number(perParameter(bound, constants))),
        ],
      })),
    ),
  };
}

const names = { full: 'FP', deterministic: 'DR', stochastic: 'SR' } as const;

function findings({ constants, holds, deterministicAbove }: TheoremCheck): string[] {
  const eta = `η = ${constants.learningRate}`;
  return [
    holds
      ? `At ${eta}, SR stays below the bound of theorem 1 at every T looked at, in every repetition.`
      : `At ${eta}, SR lies above the bound of theorem 1 somewhere: that contradicts it.`,
    deterministicAbove === null
      ? `At ${eta}, DR does not leave the bound of theorem 1 either, up to T = ${drawnTo.toLocaleString('en-US')}: the bounds are far above what happens here.`
      : `At ${eta}, DR lies above theorem 1’s bound from T = ${deterministicAbove.toLocaleString('en-US')} on: what holds for SR does not hold for DR.`,
  ];
}
