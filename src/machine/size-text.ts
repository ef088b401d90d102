// Sizes in messages of the library, in decimal units.

/** `812 bytes`, `21.8 MB`, `3.99 GB`: three digits or more. */
export function sizeText(bytes: number): string {
  const units = ['bytes', 'kB', 'MB', 'GB', 'TB', 'PB'];
  const power = Math.max(0, Math.min(units.length - 1, Math.floor(Math.log10(Math.max(1, bytes)) / 3)));
  const value = bytes / 1000 ** power;
  if (power === 0) return `${Math.round(bytes)} bytes`;
  return `${value >= 99.95 ? Math.round(value) : value.toFixed(value >= 9.995 ? 1 : 2)} ${units[power]}`;
}
