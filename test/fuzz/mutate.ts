// Damage to bytes, drawn from a seed: bits, ranges, tokens that a header is made of, halves of two files put together. Half of the
// time the length of the header is put right afterwards, so that damage gets past the first check.
import { mixed } from './random.js';

/** A file format whose reader is fuzzed. */
export interface HeaderFormat {
  /** Pieces of headers, and numbers at the edges. */
  tokens: readonly string[];
  /** Writes the length that the header seems to have where the file says it. */
  repairLength(bytes: Uint8Array): void;
}

const edges = [
  '0',
  '-1',
  '1e400',
  '4294967296',
  '9007199254740993',
  '18446744073709551615',
  '\u0000',
  'é',
  '"',
  '\\',
];

/** One of the files, damaged in one to four places. */
export function mutate(seed: number, files: readonly Uint8Array[], format: HeaderFormat): Uint8Array {
  const random = mixed(seed);
  const below = (n: number) => Math.floor(random() * n);
  let bytes = Uint8Array.from(files[below(files.length)]);
  const tokens = [...format.tokens, ...edges];
  for (let left = 1 + below(4); left > 0; left--) {
    const at = below(bytes.length + 1);
    const end = Math.min(bytes.length, at + 1 + below(16));
    const replace = (from: number, to: number, by: Uint8Array) => {
      bytes = Uint8Array.from([...bytes.subarray(0, from), ...by, ...bytes.subarray(to)]);
    };
    switch (below(8)) {
      case 0:
        if (at < bytes.length) bytes[at] ^= 1 << below(8);
        break;
      case 1:
        if (at < bytes.length) bytes[at] = [0, 0xff, 0x20, 0x30 + below(10)][below(4)];
        break;
      case 2:
        replace(at, end, new Uint8Array());
        break;
      case 3:
        replace(end, end, bytes.slice(at, end));
        break;
      case 4:
        replace(at, at, new TextEncoder().encode(tokens[below(tokens.length)]));
        break;
      case 5:
        replace(at, end, new TextEncoder().encode(tokens[below(tokens.length)]));
        break;
      case 6:
        bytes = bytes.slice(0, at);
        break;
      default:
        replace(at, bytes.length, files[below(files.length)].slice(at));
    }
  }
  if (random() < 0.5) format.repairLength(bytes);
  return bytes;
}
