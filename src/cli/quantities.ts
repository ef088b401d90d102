// Numbers as the command line prints them: bytes, durations, metrics that may be undefined.
import { inUnit } from '../reports/numbers.js';

/** Decimal units, three digits or more: `21.8 MB`, `812 bytes`. */
export function bytes(n: number): string {
  const { value, unit } = inUnit(n);
  return `${unit === 'bytes' ? value : value.toFixed(value < 100 ? 1 : 0)} ${unit}`;
}

/** Seconds in words, such as `2 min 5 s`. */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.ceil(seconds));
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}

/** A metric, or why there is none: an AUC or an entropy needs both classes. */
export function metric(value: number | null, digits: number): string {
  return value === null ? 'undefined (one class)' : value.toFixed(digits);
}

/** How many times `small` goes into `large`: `3.2×`. */
export function times(large: number, small: number): string {
  return `${(large / small).toFixed(1)}×`;
}

/** A part of a whole as people say it: `1/9.6`, or `1.1×` where it is more. */
export function share(part: number, whole: number): string {
  return part <= whole ? `1/${(whole / part).toFixed(1)}` : times(part, whole);
}
