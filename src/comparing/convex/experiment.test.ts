// The synthetic experiment against independent runs of it: with weights at (i + ½)/1000, where full precision and
// deterministic rounding are the same for everyone, and with other drawn weights, where 1000 of them agree within a few
// percent.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { descend } from './descent.js';
import { runExperiment } from './experiment.js';
import { distance, problem, startingPoint } from './problem.js';
import { rateSettings } from './settings.js';

const evenly = Float64Array.from({ length: 1000 }, (_, i) => (i + 0.5) / 1000);

describe('evenly spread weights', () => {
  // Plain Python, floor(x + 0.5): root mean square distances after 10, 100 and 1000 iterations.
  it.each([
    ['literal', [0.288675, 0.288675, 0.288675], [0.288704, 0.288704, 0.288704]],
    ['constant', [0.030996, 0, 0], [0.033076, 0.019748, 0.019748]],
    ['averaged', [0.282953, 0.2363, 0.03899], [0.288704, 0.288704, 0.288704]],
  ] as const)('%s: full precision and DR', (name, full, deterministic) => {
    const { distances } = runExperiment(rateSettings[name].rate, 1, evenly);
    full.forEach((expected, i) => {
      expect(distances.full[i]).toBeCloseTo(expected, 6);
    });
    deterministic.forEach((expected, i) => {
      expect(distances.deterministic[i]).toBeCloseTo(expected, 6);
    });
  });

  it('how many updates DR erases, and when it stands still', () => {
    // The same program, η = 0.1, before the updates 1 to 15.
    const { erased, frozenAfter } = runExperiment(rateSettings.constant.rate, 1, evenly);
    expect(erased.slice(0, 15)).toEqual([
      50, 70, 90, 110, 130, 170, 210, 270, 330, 410, 510, 630, 790, 990, 1000,
    ]);
    expect(erased).toHaveLength(1000);
    expect(frozenAfter).toBe(14);
    // η_t = 0.1/√t: the rate is that of the update to come.
    expect(runExperiment(rateSettings.decaying.rate, 1, evenly).erased.slice(0, 19)).toEqual([
      50, 90, 130, 180, 210, 290, 310, 390, 410, 470, 530, 570, 690, 710, 770, 910, 930, 990, 1000,
    ]);
  });
});

describe('drawn weights', () => {
  // Another program's draws; its distances at t = 10, 100, 1000.
  it.each([
    ['constant', [0.0311, 0, 0], [0.0331, 0.0197, 0.0197], [0.0316, 0, 0]],
    ['decaying', [0.0995, 0.0063, 0], [0.1011, 0.0737, 0.0737], [0.0997, 0.0091, 0]],
    ['averaged', [0.284, 0.2372, 0.0391], [0.2898, 0.2898, 0.2898], [0.284, 0.2378, 0.0424]],
  ] as const)('%s agrees within 3 percent', (name, full, deterministic, stochastic) => {
    const { distances } = runExperiment(rateSettings[name].rate, 1);
    const near = (value: number, expected: number, share: number) => {
      expect(Math.abs(value - expected)).toBeLessThanOrEqual(share * expected + 1e-4);
    };
    // 1000 draws of U(0, 1) have a root mean square within 1.4 percent, one standard deviation.
    full.forEach((expected, i) => {
      near(distances.full[i], expected, 0.03);
    });
    deterministic.forEach((expected, i) => {
      near(distances.deterministic[i], expected, 0.03);
    });
    stochastic.forEach((expected, i) => {
      near(distances.stochastic[i], expected, 0.1);
    });
  });

  it('η = 1 takes w to 1 − w for ever, in all three', () => {
    const { weights, frozenAfter } = runExperiment(rateSettings.literal.rate, 1);
    for (const [at10, at100, at1000] of Object.values(weights)) {
      expect(distance(at100)).toBeCloseTo(distance(at10), 12);
      // Even numbers of iterations: every weight is where it was.
      at10.forEach((w, i) => {
        expect(at1000[i]).toBeCloseTo(w, 9);
      });
    }
    expect(frozenAfter).toBeNull();
  });

  it('η_t = 1/√t puts all weights on 0.5 at t = 4', () => {
    const { distances } = runExperiment(rateSettings.literalDecaying.rate, 1);
    expect(
      Object.values(distances)
        .flat()
        .every((value) => value < 1e-9),
    ).toBe(true);
  });
});

describe('deterministic rounding', () => {
  it('stands still within Δ/(4η) of 0.5, most weights at the rim', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1e6 }), fc.double({ min: 0.03, max: 0.2 }), (seed, eta) => {
        const { weights, distances, frozenAfter } = runExperiment(() => eta, seed);
        const radius = problem.step / (4 * eta);
        expect(frozenAfter).not.toBeNull();
        // A tie goes up: at a rim of exactly half a step the lower side moves on.
        for (const w of weights.deterministic[2])
          expect(Math.abs(w - 0.5)).toBeLessThanOrEqual(radius + 1e-9);
        expect(distances.deterministic[2]).toBeGreaterThan((radius - problem.step) / Math.sqrt(3));
      }),
      { numRuns: 4 },
    );
  });
});

describe('stochastic rounding', () => {
  it('is right on average: the mean of one update is the unrounded one', () => {
    const start = new Float64Array(1000).fill(0.8);
    let sum = 0;
    const repetitions = 50;
    for (let repetition = 0; repetition < repetitions; repetition++) {
      descend({
        start,
        precision: 'stochastic',
        rate: () => 0.0042,
        step: 0.01,
        bits: 8,
        iterations: 1,
        seed: 3,
        repetition,
        onIterate(weights, t) {
          if (t === 1) sum += weights.reduce((total, w) => total + w, 0);
          return true;
        },
      });
    }
    // 0.8 − 0.0042·0.6 = 0.79748, 0.252 steps down: 50,000 draws, within 5 standard deviations of their mean.
    const tolerance = (5 * problem.step * Math.sqrt(0.252 * 0.748)) / Math.sqrt(1000 * repetitions);
    expect(Math.abs(sum / (1000 * repetitions) - 0.79748)).toBeLessThan(tolerance);
  });

  it('goes on as full precision does, at most one step behind', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1e6 }), (seed) => {
        const { distances } = runExperiment(rateSettings.constant.rate, seed);
        distances.stochastic.forEach((value, i) => {
          expect(value).toBeLessThanOrEqual(2 * distances.full[i] + problem.step);
        });
      }),
      { numRuns: 3 },
    );
  });

  it('has other noise for another seed and another repetition, and the same for the same', () => {
    const endOf = (seed: number, repetition: number) => {
      let end = '';
      descend({
        start: startingPoint(100, 1),
        precision: 'stochastic',
        rate: () => 0.05,
        step: 0.01,
        bits: 8,
        iterations: 3,
        seed,
        repetition,
        onIterate: (weights) => {
          end = weights.join();
          return true;
        },
      });
      return end;
    };
    expect(endOf(1, 0)).toBe(endOf(1, 0));
    expect(endOf(1, 1)).not.toBe(endOf(1, 0));
    expect(endOf(2, 0)).not.toBe(endOf(1, 0));
  });
});
