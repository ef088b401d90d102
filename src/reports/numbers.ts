// Numbers as a report prints them: digits by what is known of a value, a real minus sign, decimal units.

/** 1234567 → `1,234,567`. */
export function count(n: number): string {
  return Math.round(n).toLocaleString('en-US');
}

const units = ['bytes', 'kB', 'MB', 'GB', 'TB'] as const;

/** Bytes in the decimal unit that leaves at most three digits before the point. */
export function inUnit(n: number): { value: number; unit: (typeof units)[number] } {
  let value = n;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return { value, unit: units[unit] };
}

/** Three digits, decimal units: `21.8 MB`. */
export function bytes(n: number): string {
  const { value, unit } = inUnit(n);
  return `${unit === 'bytes' ? Math.round(value) : value.toPrecision(3)} ${unit}`;
}

/** As `bytes`, but with no zeros at the end: for round numbers at an axis. */
export function roundBytes(n: number): string {
  return bytes(n)
    .replace(/(\.\d*?)0+ /, '$1 ')
    .replace('. ', ' ');
}

/** `6.3 s`, `7.1 min`, `1.2 h`. */
export function duration(seconds: number): string {
  if (seconds < 99.5) return `${seconds.toFixed(seconds < 9.95 ? 1 : 0)} s`;
  if (seconds < 99.5 * 60) return `${(seconds / 60).toFixed(1)} min`;
  return `${(seconds / 3600).toFixed(1)} h`;
}

/** `3.20×`. */
export function times(ratio: number): string {
  return `${ratio.toPrecision(3)}×`;
}

/** A share as `12.3 %`, small ones with two digits that say something. */
export function percent(share: number): string {
  const value = 100 * share;
  if (value === 0) return '0 %';
  return `${value < 1 ? Number(value.toPrecision(2)) : value.toFixed(1)} %`;
}

/** With `+` or a real minus; a zero has no sign. */
export function signed(value: number, digits: number): string {
  const text = Math.abs(value).toFixed(digits);
  if (Number(text) === 0) return text;
  return `${value < 0 ? '−' : '+'}${text}`;
}

/** Like `signed`, but with no `+`. */
export function fixed(value: number, digits: number): string {
  return signed(value, digits).replace('+', '');
}

/**
 * The decimals at which a standard deviation of this size has two digits, from 3 to 6; without any, `otherwise`.
 *
 * @param deviations of what stands in one column: the column gets one number of decimals, of their median
 */
export function decimalsFor(deviations: readonly number[], otherwise: number): number {
  const known = deviations.filter((deviation) => deviation > 0).sort((a, b) => a - b);
  if (known.length === 0) return otherwise;
  const middle = known[Math.floor((known.length - 1) / 2)];
  return Math.min(6, Math.max(3, 1 - Math.floor(Math.log10(middle))));
}
