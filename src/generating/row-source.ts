// Draws the rows of a file: a function of seed and row number, so that any thread can make any row.
import { philox } from '../random/philox.js';
import { Stream, seedKey, streamWord } from '../random/streams.js';
import { deviate, deviateScale } from '../random/uniform.js';
import { rankDrawer } from './frequency-law.js';
import type { Laws } from './plan.js';
import { type DrawnRow, type LogNormal, logNormalOf } from './planted-model.js';
import type { Shape } from './shape.js';

/** Share of empty cells among the numbers. Not from a published fact. */
const missingShare = 0.2;
const purpose = 0;

/** Draws one row after the other into the same arrays. */
export class RowSource {
  /** The row drawn last. */
  readonly row: DrawnRow;
  /** Its uniform number, 0 < u < 1, that decides its label. */
  chance = 0;
  private readonly key: readonly [number, number];
  private readonly words: Uint32Array;
  private readonly drawers: readonly ((u: number) => number)[];
  private readonly normals: readonly (LogNormal & { scale: number })[];

  constructor(shape: Shape, laws: Laws, seed: number) {
    this.key = seedKey(seed);
    this.drawers = laws.map(rankDrawer);
    // One for each category, three for each number, one for the label.
    this.words = new Uint32Array(4 * Math.ceil((laws.length + 3 * shape.numbers.length + 1) / 4));
    this.normals = shape.numbers.map(({ mean, deviation }) => {
      const normal = logNormalOf(mean, deviation);
      return { ...normal, scale: deviateScale(normal.deviation) };
    });
    this.row = { ranks: new Float64Array(laws.length), numbers: new Float64Array(shape.numbers.length) };
  }

  /** Draws row `index`, a whole number from 0 to 2^53 − 1. */
  draw(index: number): void {
    const { key, words, drawers, normals, row } = this;
    const [low, high] = seedKey(index);
    for (let block = 0; block * 4 < words.length; block++) {
      philox(words, block * 4, key[0], key[1], low, high, block, streamWord(Stream.generate, purpose));
    }
    let at = 0;
    for (let field = 0; field < drawers.length; field++) {
      row.ranks[field] = drawers[field](unitOf(words[at++]));
    }
    for (let i = 0; i < normals.length; i++, at += 3) {
      const { mean, scale } = normals[i];
      const isMissing = unitOf(words[at]) < missingShare;
      row.numbers[i] = isMissing
        ? -1
        : Math.floor(Math.exp(mean + deviate(words[at + 1], words[at + 2], scale)));
    }
    this.chance = unitOf(words[at]);
  }
}

/** All 32 bits count: the tail of a law is drawn from the last of them. */
function unitOf(word: number): number {
  return (word + 0.5) * 2 ** -32;
}
