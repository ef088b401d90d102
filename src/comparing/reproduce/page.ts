// What a reproduction shows, as plain data: sections in order. render-text.ts shows it on
// the terminal, page-blocks.ts makes the blocks of a report of it.

export interface Page {
  title: string;
  sections: Section[];
  /** What `--json` prints beside the files. */
  record: Record<string, unknown>;
}

export type Section =
  | { kind: 'heading'; text: string }
  | { kind: 'text'; text: string }
  | { kind: 'list'; items: string[] }
  | { kind: 'table'; table: PageTable }
  | { kind: 'figure'; figure: PageFigure };

/** Rows with the same name stand side by side in several groups of columns: ours, the paper's. */
export interface PageTable {
  /** Over the names of the rows. */
  corner: string;
  groups: { title: string; columns: string[] }[];
  /** `cells` has one text for each column, group after group. */
  rows: { name: string; cells: string[] }[];
}

export interface PageFigure {
  /** File name without ending; the figure is written as figures/NAME.svg beside the page. */
  name: string;
  title: string;
  caption: string;
  svg: string;
}

/** What stands where nothing was measured or published. */
export const nothing = '–';
