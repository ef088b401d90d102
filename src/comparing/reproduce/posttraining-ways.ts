// The ways to quantize that the post-training tables compare: a method at a width, with scales, biases and codebooks in
// fp32 or fp16, such as `minmax:4:fp16`. By default the paper's methods at 4 bits in its order, then what came after it.
import { UserError, unknownName } from '../../errors.js';
import { type QuantizedBits, type QuantizerSpec, type Side, sides } from '../../posttraining/quantizer.js';
import { type QuantizerName, quantizerNames, quantizers } from '../../posttraining/registry.js';

/** A method, a width and a side. */
export interface Way {
  name: string;
  method: QuantizerName;
  bits: QuantizedBits;
  side: Side;
  /** Whether it was asked for by its name. */
  isNamed: boolean;
}

/** What the paper calls some of them. */
const paperNames: Readonly<Record<string, string>> = {
  'table-minmax': 'TABLE',
  symmetric: 'SYM',
  gss: 'GSS',
  minmax: 'ASYM',
  aciq: 'ACIQ',
  'hist-approx': 'HIST-APPRX',
  'hist-brute': 'HIST-BRUTE',
  'greedy-paper': 'GREEDY',
  kmeans: 'KMEANS',
  'kmeans-cls': 'KMEANS-CLS',
};

/** Methods that take milliseconds for a row, and the rows up to which they are scored unless asked for by name. */
const mostRows: Readonly<Record<string, number>> = { 'hist-brute': 0, optimal: 20_000, logit: 20_000 };

/** Whether so many rows are quantized for their scores, and not only some of them for their error. */
export function isScored({ method, isNamed }: Way, rows: number): boolean {
  return isNamed || rows <= (mostRows[method] ?? Number.POSITIVE_INFINITY);
}

/** The paper's methods first, in its order. */
const ordered: readonly QuantizerName[] = [
  ...Object.keys(paperNames).flatMap((name) => quantizerNames.filter((known) => known === name)),
  ...quantizerNames.filter((name) => !Object.hasOwn(paperNames, name)),
];

/** All methods at 4 bits with both sides, min-max at 8 bits, and all at 2 bits as PyTorch stores them. */
export function defaultWays(): Way[] {
  const at = (bits: QuantizedBits, side: Side) =>
    ordered
      .filter((method) => specOf(method).bits.includes(bits))
      .map((method) => way(method, bits, side, false));
  return [way('minmax', 8, 'fp32', false), ...at(4, 'fp32'), ...at(4, 'fp16'), ...at(2, 'fp16')];
}

/**
 * Reads names such as `minmax:4`, `minmax:4:fp16`; without a side as PyTorch stores them, fp32 at 8 bits and fp16 below.
 *
 * @throws UserError for what there is not
 */
export function parseWays(names: readonly string[]): Way[] {
  const ways = names.map((text) => {
    const [name, width, sideName, ...more] = text.trim().split(':');
    const method = quantizerNames.find((known) => known === name);
    if (method === undefined) throw unknownName('quantizer', name, quantizerNames);
    const known = specOf(method).bits;
    const bits = known.find((each) => String(each) === width);
    if (bits === undefined || more.length > 0) {
      throw new UserError(
        `'${text}' is no way to quantize (allowed: ${method}:${known.join(`, ${method}:`)}, each with :fp32 or :fp16).`,
        undefined,
        2,
      );
    }
    const side =
      sideName === undefined ? (bits === 8 ? 'fp32' : 'fp16') : sides.find((each) => each === sideName);
    if (side === undefined) throw unknownName('side', sideName, sides);
    return way(method, bits, side, true);
  });
  const twin = ways.find(({ name }, i) => ways.findIndex((other) => other.name === name) !== i);
  if (twin) throw new UserError(`'${twin.name}' is there twice.`, 'leave one of them out', 2);
  return ways;
}

/** As a table names it: with the paper's name, where it has one. */
export function wayTitle({ name, method }: Way): string {
  const own = paperNames[method];
  return own === undefined ? name : `${name} (${own})`;
}

function way(method: QuantizerName, bits: QuantizedBits, side: Side, isNamed: boolean): Way {
  return { name: `${method}:${bits}:${side}`, method, bits, side, isNamed };
}

function specOf(method: QuantizerName): QuantizerSpec {
  return quantizers[method];
}
