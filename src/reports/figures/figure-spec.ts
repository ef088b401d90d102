// What a figure of a report is: one file with one of these, and one line in the registry.
import type { Comparison } from '../comparison.js';
import type { Text } from '../content.js';
import type { PlotModule, PlotOptions } from '../figure.js';

/** Where in a report it stands, in the order of the report. */
export const figureSections = ['results', 'size', 'learning', 'steps', 'codes', 'frequency'] as const;

export interface FigureSpec {
  readonly section: (typeof figureSections)[number];
  /** One line, without a full stop. */
  readonly title: string;
  /** null where the comparison has no data for it: then it is left out. */
  draw(comparison: Comparison, plot: PlotModule): Drawing | null;
}

export interface Drawing {
  readonly options: PlotOptions;
  /** What to see, for who cannot. */
  readonly description: string;
  /** How to read it, and what it says. */
  readonly caption: Text;
}

/** Of every figure, in pixels. */
export const figureWidth = 900;
