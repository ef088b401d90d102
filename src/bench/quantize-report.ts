// The words and numbers of `bitrow bench quantize`.

import { torchRowBytes } from '../posttraining/layouts/torch-rows.js';
import { type Spread, spread } from './benchmark.js';
import type { QuantizeCase } from './quantize.js';
import type { EngineRates } from './quantize-engine.js';

/** Rows/s of each round; `theirs` is empty where there is no peer. */
export type Timed = QuantizeCase & {
  ours: number[];
  theirs: number[];
  theirRate: ((first: number) => Promise<number>) | undefined;
};

export function reportQuantize(
  timed: readonly Timed[],
  engine: readonly EngineRates[],
  torch: { version: string } | string,
) {
  const prepack = timed.map(({ method, bits, rows, ours, theirs }) => ({
    method,
    bits,
    rows,
    rowsPerSecond: spread(ours),
    torchRowsPerSecond: theirs.length > 0 ? spread(theirs) : null,
    // Of the same round: what else the machine does hits both.
    ofTorch: theirs.length > 0 ? spread(ours.map((rate, i) => rate / theirs[i])) : null,
  }));
  const whole = engine.map(({ method, bits, rows, byThreads }) => ({
    method,
    bits,
    rows,
    rowsPerSecond: { 1: spread(byThreads[1]), 2: spread(byThreads[2]) },
    twoThreads: spread(byThreads[2].map((rate, i) => rate / byThreads[1][i])),
  }));
  const text = [
    'D = 64, one thread, values in memory to fused rows in memory',
    'method        bits     rows/s (quartiles)       ns/row   GB/s      PyTorch rows/s     times PyTorch',
    ...prepack.map(({ method, bits, rowsPerSecond, torchRowsPerSecond, ofTorch }) => {
      const rate = rowsPerSecond.median;
      const bytes = 4 * 64 + torchRowBytes(64, bits);
      const cells = [
        method.padEnd(13),
        String(bits).padStart(5),
        range(rowsPerSecond, count).padStart(24),
        (1e9 / rate).toFixed(0).padStart(10),
        ((rate * bytes) / 1e9).toFixed(2).padStart(7),
        (torchRowsPerSecond ? count(torchRowsPerSecond.median) : '–').padStart(18),
        (ofTorch ? range(ofTorch, times) : '–').padStart(22),
      ];
      return cells.join('');
    }),
    typeof torch === 'string'
      ? `PyTorch is left out: ${torch}; --python names another.`
      : `The bytes are those of PyTorch ${torch.version}, which takes turns with us on one thread.`,
    'GB/s: 4·D bytes of values in, and the bytes of a row out.',
    '',
    'the whole engine: values checked, errors summed',
    'method        bits       rows/s, 1 thread          rows/s, 2 threads        2 against 1',
    ...whole.map(
      ({ method, bits, rowsPerSecond, twoThreads }) =>
        `${method.padEnd(13)}${String(bits).padStart(5)}${range(rowsPerSecond[1], count).padStart(25)}${range(rowsPerSecond[2], count).padStart(27)}${range(twoThreads, times).padStart(23)}`,
    ),
    'One and two threads gave the same bytes.',
  ].join('\n');
  return {
    text,
    json: { torch: typeof torch === 'string' ? null : torch.version, dim: 64, prepack, engine: whole },
  };
}

function count(value: number): string {
  return value >= 1e6 ? `${(value / 1e6).toFixed(2)} M` : `${(value / 1e3).toFixed(0)} k`;
}

function times(value: number): string {
  return value.toFixed(2);
}

function range({ median, low, high }: Spread, of: (value: number) => string): string {
  return `${of(median)} (${of(low)}–${of(high)})`;
}
