// Writes the report of a comparison: report.html, one file that needs no other; report.md beside it, with its figures in
// figures/. Equal comparisons give equal bytes.
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { writeWhole } from '../runs/whole-file.js';
import type { Comparison } from './comparison.js';
import type { FigureBlock } from './content.js';
import { loadPlot, svgOf } from './figure.js';
import type { FigureSpec } from './figures/figure-spec.js';
import { figures } from './figures/registry.js';
import { titleOf } from './headline.js';
import { htmlOf } from './html.js';
import { markdownOf } from './markdown.js';
import { htmlPage } from './page.js';
import { type DrawnFigures, reportBlocks } from './report.js';

/** Paths of what was written. */
export interface WrittenReport {
  readonly html: string;
  readonly markdown: string;
  readonly figures: string[];
}

/**
 * @param comparison also one that goes on: what is not there yet is left out
 * @param directory made if it does not exist; an earlier report in it is replaced
 * @example await writeReport(comparison, 'compared') // compared/report.html, report.md, figures/*.svg
 */
export async function writeReport(comparison: Comparison, directory: string): Promise<WrittenReport> {
  const drawn = await drawFigures(comparison);
  const blocks = reportBlocks(comparison, drawn);
  const list = Object.values(drawn).flat();
  const html = join(directory, 'report.html');
  const markdown = join(directory, 'report.md');
  const path = (name: string) => join(directory, 'figures', `${name}.svg`);
  await mkdir(join(directory, 'figures'), { recursive: true });
  // Of an earlier report: a figure that is not drawn now must not stay.
  const gone = Object.keys(figures).filter((name) => !list.some((figure) => figure.name === name));
  await Promise.all(gone.map((name) => rm(path(name), { force: true })));
  await Promise.all(list.map(({ name, svg }) => writeWhole(path(name), svg)));
  await writeWhole(markdown, markdownOf(blocks));
  await writeWhole(html, htmlPage({ title: titleOf(comparison), body: htmlOf(blocks) }));
  return { html, markdown, figures: list.map(({ name }) => path(name)) };
}

async function drawFigures(comparison: Comparison): Promise<DrawnFigures> {
  const plot = await loadPlot();
  const drawn: Partial<Record<FigureSpec['section'], FigureBlock[]>> = {};
  for (const [name, { section, title, draw }] of Object.entries(figures)) {
    const drawing = draw(comparison, plot);
    if (!drawing) continue;
    const { options, description, caption } = drawing;
    const svg = await svgOf(options, { title, description });
    drawn[section] = [...(drawn[section] ?? []), { kind: 'figure', name, title, caption, svg }];
  }
  return drawn;
}
