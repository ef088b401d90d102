// Colours and symbols of variants. The colours can be told apart by the colour-blind (Okabe and Ito's hues and two more)
// and stand out from white and from a dark page alike, so none is very light or dark. Nothing rests on colour alone: a
// method has its symbol too, and every point, line and panel is named.
import type { Comparison } from '../comparison.js';

/** Blue, vermillion, green, purple, olive, wine, grey. */
export const palette = ['#0072b2', '#d55e00', '#00946b', '#c26a9b', '#8f8320', '#b3476a', '#7d7d88'] as const;

const symbols = ['square', 'triangle', 'diamond', 'star', 'cross', 'wye', 'times'] as const;

export interface VariantStyle {
  readonly color: string;
  readonly symbol: (typeof symbols)[number] | 'circle';
}

/** Variants of one method look alike; with fewer than three methods each variant has a look of its own. */
export function variantStyles({ variants }: Comparison): Map<string, VariantStyle> {
  const [first, ...others] = variants;
  const methods = new Set(variants.map(({ method }) => method));
  const kinds = new Map<string, number>();
  const styles = new Map<string, VariantStyle>();
  if (first) styles.set(first.name, { color: 'currentColor', symbol: 'circle' });
  for (const { name, method } of others) {
    const kind = methods.size < 3 ? name : method;
    const place = kinds.get(kind) ?? kinds.size;
    kinds.set(kind, place);
    styles.set(name, { color: palette[place % palette.length], symbol: symbols[place % symbols.length] });
  }
  return styles;
}

/** The one colour of what a panel is about; what it is compared to is drawn in the text's colour. */
export const accent = palette[0];
