// The model that the labels are drawn from, which is what a trained one is to find:
//
//   logit = scale · Σ_field effect(field, value) + Σ_number slope · z(number) + Σ_pair effect(pair, value, value), + bias
//
// Effects are a function of seed, field and rank, so that no table of them is stored. A value's effect is smaller the
// rarer the value is, by √(share / (share + 10^−5)): what is seen once in 100,000 rows has 0.7 of it. So most of the
// model can be learnt from the rows there are, and the best AUC can be neared.
import { philox } from '../random/philox.js';
import { Stream, seedKey, streamWord } from '../random/streams.js';
import { deviate, deviateScale, uniform } from '../random/uniform.js';
import { shareOf } from './frequency-law.js';
import type { Laws } from './plan.js';
import type { Shape } from './shape.js';

/** The values of one row, as they are drawn. */
export interface DrawnRow {
  /** (categories) */
  readonly ranks: Float64Array;
  /** (numbers), −1 where the cell is empty. */
  readonly numbers: Float64Array;
}

/** Mean and deviation of ln(1 + x) that a number is measured by. */
export interface LogNormal {
  readonly mean: number;
  readonly deviation: number;
}

/** The normal whose exponential has this mean and deviation. */
export function logNormalOf(mean: number, deviation: number): LogNormal {
  const variance = Math.log1p((deviation / mean) ** 2);
  return { mean: Math.log(mean) - variance / 2, deviation: Math.sqrt(variance) };
}

const rareShare = 1e-5;
/** Pairs of fields whose values interact, and the most values such a field has. */
const pairCount = 6;
const mostPairValues = 2000;
const pairDeviation = 0.5;
/** Ranks whose effects are kept once they were computed. */
const cachedRanks = 1 << 16;
const unit = deviateScale(1);

/** What the counter's last word says the numbers are for. */
const Purpose = { effect: 1, pair: 2, weight: 3, slope: 4 } as const;

/** Two fields whose values interact, with the share of each rank. */
type Pair = readonly { readonly field: number; readonly shares: Float64Array }[];

/** Computes the logit of rows, up to the scale and bias that `calibrate` finds. */
export class PlantedModel {
  private readonly key: readonly [number, number];
  private readonly words = new Uint32Array(4);
  private readonly cache: readonly Float64Array[]; // (categories) of (cachedRanks), NaN until computed
  private readonly weights: readonly number[]; // (categories)
  private readonly slopes: readonly { slope: number; missing: number }[]; // (numbers)
  private readonly normals: readonly LogNormal[]; // (numbers)
  private readonly pairs: readonly Pair[];

  constructor(
    shape: Shape,
    private readonly laws: Laws,
    seed: number,
  ) {
    this.key = seedKey(seed);
    this.cache = laws.map(({ values }) =>
      new Float64Array(Math.min(values + 1, cachedRanks)).fill(Number.NaN),
    );
    this.weights = laws.map((_, field) => 0.4 + 0.6 * uniform(this.draw(Purpose.weight, field, 0, 0)[0]));
    this.normals = shape.numbers.map(({ mean, deviation }) => logNormalOf(mean, deviation));
    this.slopes = shape.numbers.map((_, number) => {
      const words = this.draw(Purpose.slope, number, 0, 0);
      return {
        slope: 0.4 * deviate(words[0], words[1], unit),
        missing: 0.4 * deviate(words[2], words[3], unit),
      };
    });
    const fields = laws.flatMap(({ values }, field) =>
      values > 2 && values <= mostPairValues ? [field] : [],
    );
    const side = (field: number) => ({
      field,
      shares: Float64Array.from({ length: laws[field].values + 1 }, (_, rank) => shareOf(laws[field], rank)),
    });
    this.pairs = Array.from({ length: Math.min(pairCount, fields.length >> 1) }, (_, i) => [
      side(fields[2 * i]),
      side(fields[2 * i + 1]),
    ]);
  }

  /** The sum of all effects of a row. */
  effects({ ranks, numbers }: DrawnRow): number {
    let sum = 0;
    for (let field = 0; field < ranks.length; field++) sum += this.effect(field, ranks[field]);
    for (let i = 0; i < numbers.length; i++) {
      const { slope, missing } = this.slopes[i];
      const x = numbers[i];
      sum += x < 0 ? missing : (slope * (Math.log1p(x) - this.normals[i].mean)) / this.normals[i].deviation;
    }
    for (let pair = 0; pair < this.pairs.length; pair++) {
      const [f, g] = this.pairs[pair];
      const rankF = ranks[f.field];
      const rankG = ranks[g.field];
      const [word0, word1] = this.draw(Purpose.pair, pair, rankF, rankG);
      sum += pairDeviation * shrunk(f.shares[rankF] * g.shares[rankG]) * deviate(word0, word1, unit);
    }
    return sum;
  }

  private effect(field: number, rank: number): number {
    const cache = this.cache[field];
    const known = rank < cache.length ? cache[rank] : Number.NaN;
    if (!Number.isNaN(known)) return known;
    const [word0, word1] = this.draw(Purpose.effect, field, rank, 0);
    const effect =
      this.weights[field] * shrunk(shareOf(this.laws[field], rank)) * deviate(word0, word1, unit);
    if (rank < cache.length) cache[rank] = effect;
    return effect;
  }

  private draw(purpose: number, a: number, b: number, c: number): Uint32Array {
    const { key, words } = this;
    philox(words, 0, key[0], key[1], a, b, c, streamWord(Stream.generate, purpose));
    return words;
  }
}

function shrunk(share: number): number {
  return Math.sqrt(share / (share + rareShare));
}
