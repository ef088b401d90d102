// Colours and symbols of variants. Colours are pairs: one for a light page, one for a dark one, of Okabe and Ito's hues,
// which the colour-blind can tell apart, and three more. Marks are drawn in the light one, a rule in the SVG exchanges it.
// Nothing rests on colour alone: a method has its symbol too, and every point, line and panel is named.
import type { Comparison } from '../comparison.js';

/** Behind everything. */
export const ground = { light: '#ffffff', dark: '#1b1b1f' } as const;

/** Text, axes, and the variant that others are compared to. */
export const text = { light: '#1b1b1f', dark: '#e4e4e8' } as const;

/** Blue, vermillion, green, purple; olive, wine, grey. */
export const palette = [
  { light: '#0072b2', dark: '#56b4e9' },
  { light: '#d55e00', dark: '#f08a3c' },
  { light: '#00875f', dark: '#2fc79b' },
  { light: '#bb5f93', dark: '#e29bc3' },
  { light: '#857815', dark: '#dccb4e' },
  { light: '#a3335a', dark: '#f2869f' },
  { light: '#6f6f7a', dark: '#a9a9b4' },
] as const;

const symbols = ['square', 'triangle', 'diamond', 'star', 'cross', 'wye', 'times'] as const;

export interface VariantStyle {
  readonly color: string;
  readonly symbol: (typeof symbols)[number] | 'circle';
}

/** Variants of one method look alike; with fewer than three methods each variant has a look of its own. */
export function variantStyles({ variants }: Comparison): Map<string, VariantStyle> {
  const [first, ...others] = variants;
  const methods = new Set(variants.map(({ method }) => method));
  const places = new Map<string, number>();
  const styles = new Map<string, VariantStyle>();
  if (first) styles.set(first.name, { color: 'currentColor', symbol: 'circle' });
  for (const { name, method } of others) {
    const kind = methods.size < 3 ? name : method;
    const place = places.get(kind) ?? places.size;
    places.set(kind, place);
    const color = palette[place % palette.length].light;
    styles.set(name, { color, symbol: symbols[place % symbols.length] });
  }
  return styles;
}

/** The one colour of what a panel is about; what it is compared to is drawn in the text's colour. */
export const accent = palette[0].light;
