import { describe, expect, it } from 'vitest';
import { syntheticComparison } from '../../../test/synthetic-comparison.js';
import { ground, palette, text, variantStyles } from './palette.js';

/** WCAG 2: (lighter + 0.05) / (darker + 0.05) of relative luminances. */
function contrast(a: string, b: string): number {
  const [high, low] = [luminance(a), luminance(b)].sort((x, y) => y - x);
  return (high + 0.05) / (low + 0.05);
}

function luminance(color: string): number {
  const [r, g, b] = [1, 3, 5].map((at) => {
    const value = Number.parseInt(color.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

describe('palette', () => {
  it('has the contrast that WCAG asks of graphics, and of text', () => {
    expect(contrast('#000000', '#ffffff')).toBeCloseTo(21, 9);
    for (const { light, dark } of palette) {
      expect(contrast(light, ground.light), light).toBeGreaterThan(3.5);
      expect(contrast(dark, ground.dark), dark).toBeGreaterThan(3.5);
    }
    expect(contrast(text.light, ground.light)).toBeGreaterThan(7);
    expect(contrast(text.dark, ground.dark)).toBeGreaterThan(7);
  });
});

describe('variantStyles', () => {
  it('gives methods a colour and a symbol of their own, and the first variant that of the text', () => {
    const styles = variantStyles(syntheticComparison());
    expect(styles.get('full')).toEqual({ color: 'currentColor', symbol: 'circle' });
    expect(styles.get('alpt:4')).toEqual(styles.get('alpt:2'));
    const looks = ['full', 'lsq:8', 'lpt:8', 'alpt:8', 'hashing', 'pruning'].map((name) => styles.get(name));
    expect(new Set(looks.map((look) => look?.color)).size).toBe(6);
    expect(new Set(looks.map((look) => look?.symbol)).size).toBe(6);
  });

  it('tells the variants of one method apart when there is no other', () => {
    const { variants, ...rest } = syntheticComparison();
    const alpts = variants.filter(({ method }) => method === 'alpt');
    const styles = variantStyles({ ...rest, variants: alpts });
    expect(new Set([...styles.values()].map(({ symbol }) => symbol)).size).toBe(alpts.length);
  });
});
