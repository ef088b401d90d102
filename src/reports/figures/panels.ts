// Small multiples: one panel for each variant, all with the same axes, its name above it. Lines that would lie on each
// other in one frame can be told apart, and nothing needs a legend.
import type { PlotModule, PlotOptions } from '../figure.js';
import { figureWidth } from './figure-spec.js';

export interface PanelPlace {
  readonly fx: number;
  readonly fy: number;
}

export interface Panels {
  /** Where the panel of a name is: fields for every datum drawn in it. */
  place(name: string): PanelPlace;
  /** The names, as marks. */
  titles(plot: PlotModule): PlotOptions['marks'];
  readonly options: PlotOptions;
}

const rowHeight = 150;

export function panels(names: readonly string[], marginLeft = 56): Panels {
  const columns =
    names.length <= 4 ? Math.max(2, names.length) : names.length % 4 === 0 || names.length > 6 ? 4 : 3;
  const rows = Math.ceil(names.length / columns);
  const places = new Map(names.map((name, i) => [name, { fx: i % columns, fy: Math.floor(i / columns) }]));
  const place = (name: string): PanelPlace => {
    const found = places.get(name);
    if (!found) throw new RangeError(`no panel '${name}'`);
    return found;
  };
  const characters = Math.floor((figureWidth - marginLeft) / columns / 6.6);
  return {
    place,
    titles: (plot) => [
      plot.text(
        names.map((name) => ({ ...place(name), name: shortened(name, characters) })),
        {
          fx: 'fx',
          fy: 'fy',
          text: 'name',
          frameAnchor: 'top-left',
          dy: -14,
          fontWeight: 600,
          fontSize: 12,
        },
      ),
      plot.frame({ strokeOpacity: 0.25 }),
    ],
    options: {
      width: figureWidth,
      height: rows * rowHeight + 64,
      marginLeft,
      marginTop: 42,
      marginBottom: 40,
      marginRight: 16,
      fx: { axis: null, padding: 0.14, domain: Array.from({ length: columns }, (_, i) => i) },
      fy: { axis: null, padding: 0.24, domain: Array.from({ length: rows }, (_, i) => i) },
    },
  };
}

/** A name that fits: its beginning and its end, which tell variants apart. */
export function shortened(name: string, characters: number): string {
  const all = [...name];
  if (all.length <= characters) return name;
  const end = Math.floor((characters - 1) / 2);
  return `${all.slice(0, characters - 1 - end).join('')}…${all.slice(all.length - end).join('')}`;
}
