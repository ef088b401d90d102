// A figure as the text of one SVG file: Plot draws it into a document in memory. The file stands alone: its size, its
// colours on a light and on a dark screen, a title and a description for who cannot see it. The same options give the
// same bytes: names and numbers that Plot makes up are replaced, coordinates have two decimals.
import type { PlotOptions } from '@observablehq/plot';
import type { Element } from 'happy-dom';
import { escapeHtml, writable } from './escape.js';
import { ground, palette, text as textColor } from './figures/palette.js';

export type { PlotOptions } from '@observablehq/plot';
/** Observable Plot, for the marks of a figure. */
export type PlotModule = typeof import('@observablehq/plot');

/** Plot, loaded when first asked for: it and its document are of use to reports only. */
export function loadPlot(): Promise<PlotModule> {
  return import('@observablehq/plot');
}

export interface FigureText {
  /** What it shows, in a line. Ids within the file are made of it, so figures of one page have different ones. */
  readonly title: string;
  /** What there is to see, for who cannot. */
  readonly description: string;
}

/** Plain attributes and rules that win over them, so that a viewer without such rules still draws for a light page. */
const style = [
  `.figure{color:${textColor.light};background:${ground.light}}`,
  '.figure text{white-space:pre}',
  `@media (prefers-color-scheme:dark){.figure{color:${textColor.dark};background:${ground.dark}}`,
  ...[ground, ...palette].flatMap(({ light, dark }) =>
    ['fill', 'stroke'].map((property) => `.figure [${property}="${light}"]{${property}:${dark}}`),
  ),
  '}',
].join('\n');

/**
 * @param options of Plot; marks draw in `currentColor` where they say nothing else. No legends: they are not SVG
 * @returns an SVG document, which may also stand within a page
 * @example await svgOf({ marks: [plot.dot(points, { x: 'bytes', y: 'auc' })] }, { title: 'AUC by bytes', description: '…' })
 */
export async function svgOf(options: PlotOptions, { title, description }: FigureText): Promise<string> {
  const plot = await loadPlot();
  const { Window } = await import('happy-dom');
  const window = new Window();
  try {
    const { document } = window;
    // What Plot returns is made by this document, and so of happy-dom's types.
    const svg: Element = plot.plot({ ...options, document, className: 'figure' });
    if (svg.tagName !== 'svg') throw new TypeError('a figure without legend, title or caption of its own');
    svg.querySelector('style')?.remove();
    svg.removeAttribute('style');
    svg.setAttribute('role', 'img');
    svg.setAttribute('font-size', '11');
    for (const element of [svg, ...svg.querySelectorAll('*')]) roundNumbers(element);
    const id = slug(title);
    const text = new window.XMLSerializer()
      .serializeToString(svg)
      // Plot counts these over all figures of a process.
      .replace(/plot-(clip|gradient|pattern)-(\d+)/g, numbered(id));
    const opening = text.indexOf('>') + 1;
    const head = `<title id="${id}-title">${escapeHtml(title)}</title><desc id="${id}-desc">${escapeHtml(description)}</desc><style>${style}</style>`;
    const labelled = text.slice(0, opening - 1).concat(` aria-labelledby="${id}-title ${id}-desc">`);
    return `${writable(labelled + head + text.slice(opening))}\n`;
  } finally {
    await window.happyDOM.close();
  }
}

const geometry = ['d', 'transform', 'x', 'y', 'x1', 'x2', 'y1', 'y2', 'cx', 'cy', 'r', 'width', 'height'];

/** Shorter, and last bits of sines and logarithms, which machines differ in, are gone. */
function roundNumbers(element: Element): void {
  for (const name of geometry) {
    const value = element.getAttribute(name);
    if (value?.includes('.')) {
      element.setAttribute(
        name,
        value.replace(/-?\d+\.\d+(e-?\d+)?/g, (number) => `${Math.round(Number(number) * 100) / 100}`),
      );
    }
  }
}

/** Gives the numbers that Plot counted on from 1, in order of appearance, under the figure's own name. */
function numbered(id: string): (text: string, kind: string, number: string) => string {
  const seen = new Map<string, number>();
  return (_, kind, number) => {
    const place = seen.get(number) ?? seen.size + 1;
    seen.set(number, place);
    return `${id}-${kind}-${place}`;
  };
}

function slug(text: string): string {
  return text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '');
}
