// Which micro-batches a pass over a share of them looks at: a pure function of seed and training step, so that every
// thread draws the same ones, and a run that is resumed too.
import { philox } from '../random/philox.js';
import { Stream, seedKey, streamWord } from '../random/streams.js';

/**
 * 1 for each of `number` micro-batches that is looked at, else 0: round(share · number) of them, at least one, every set
 * as likely as any other.
 *
 * @param share above 0, at most 1
 * @returns (number)
 */
export function samplePass(number: number, share: number, seed: number, trainingStep: number): Uint8Array {
  let missing = Math.max(1, Math.round(share * number));
  const chosen = new Uint8Array(number);
  const [key0, key1] = seedKey(seed);
  const words = new Uint32Array(4);
  // One after the other, by how many are missing of those that are left (selection sampling).
  for (let index = 0; index < number; index++) {
    const word = index % 4;
    if (word === 0) {
      philox(words, 0, key0, key1, trainingStep, 0, index / 4, streamWord(Stream.passSample, 0));
    }
    // Below 2^16 micro-batches and with words of 32 bits, a chance is right to 2^−16 of itself.
    if ((words[word] / 2 ** 32) * (number - index) < missing) {
      chosen[index] = 1;
      missing--;
    }
  }
  return chosen;
}
