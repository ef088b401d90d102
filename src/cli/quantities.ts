// Numbers as people read them: counts, bytes, durations, metrics that may be undefined.

/** 1234567 → `1,234,567`. */
export function count(n: number): string {
  return Math.round(n).toLocaleString('en-US');
}

const units = ['bytes', 'kB', 'MB', 'GB', 'TB'] as const;

/** Decimal units, three digits or more: `21.8 MB`, `812 bytes`. */
export function bytes(n: number): string {
  let value = n;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${unit === 0 ? value : value.toFixed(value < 100 ? 1 : 0)} ${units[unit]}`;
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
