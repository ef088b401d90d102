// Makes one reproduction and writes its page: OUT/NAME.html (one file), OUT/NAME.md and its figures as SVG. Trained cells
// stand in OUT/comparison, shared by all tables and figures made there; a finished one is never trained again.
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError, unknownName } from '../../errors.js';
import { htmlOf } from '../../reports/html.js';
import { markdownOf } from '../../reports/markdown.js';
import { htmlPage } from '../../reports/page.js';
import { cannotWrite, namesIn, writeWhole } from '../../runs/whole-file.js';

import type { CompareOptions, compare } from '../compare.js';
import type { Page } from './page.js';
import { pageBlocks } from './page-blocks.js';
import { POSTTRAINING } from './posttraining.js';
import { reproductionNames, reproductions } from './registry.js';
import type { Afterwards, Reproduction, ReproductionRequest } from './reproduction.js';

/** Where cells are trained, within OUT. */
const CELLS = 'comparison';

export interface ReproduceOptions extends Omit<ReproductionRequest, 'data' | 'measure' | 'afterwards'> {
  /** Directory of an encoded data set; null where none is needed. */
  data: string | null;
  /** Directory for pages, figures and cells. */
  out: string;
  seeds: readonly number[];
  threads?: number | undefined;
  jobs?: number | 'auto' | undefined;
  /** Trains even where memory or disk seem too small. */
  ignoreLimits?: boolean | undefined;
  onProgress?: CompareOptions['onProgress'];
  /** Of what is made of trained runs. */
  onAfterwards?: Afterwards['onProgress'];
  /** Stops after a checkpoint of every cell. */
  signal?: AbortSignal | undefined;
  /** What trains the cells. */
  compare: typeof compare;
}

export interface Reproduced {
  page: Page;
  html: string;
  markdown: string;
  figures: string[];
}

/** @throws UserError listing what exists */
export function findReproduction(name: string): Reproduction {
  const known = reproductionNames.find((each) => each === name);
  if (known === undefined) throw unknownName('table or figure', name, reproductionNames);
  return reproductions[known];
}

/**
 * Makes the table or figure `name` and writes it to `options.out`. Called again, it goes on.
 *
 * @throws UserError for an unknown name, missing data, rows the table does not have, or an `out` that holds something else
 */
export async function reproduce(name: string, options: ReproduceOptions): Promise<Reproduced> {
  const reproduction = findReproduction(name);
  const { out, data } = options;
  if (reproduction.needsData && data === null) {
    throw new UserError(
      `To reproduce ${name}, models are trained: the option --data is missing.`,
      'pass --data DIR, made by `bitrow prepare`',
      2,
    );
  }
  const unknown = options.rows?.find((row) => !reproduction.rows.includes(row));
  if (unknown !== undefined) {
    if (reproduction.rows.length === 0)
      throw new UserError(`${name} has no rows to choose from.`, 'leave --rows out', 2);
    throw unknownName(`row of ${name}`, unknown, reproduction.rows);
  }
  requireOwn(out);
  const { seeds, threads, jobs, ignoreLimits, command, onProgress, signal } = options;
  const common = { seeds, threads, jobs, ignoreLimits, command, onProgress, signal };
  const page = await reproduction.make({
    ...options,
    data: data ?? '',
    measure: (from, variants, { folder = CELLS, keepRuns = false } = {}) =>
      options.compare({ ...common, data: from, out: join(out, folder), variants, keepRuns }),
    afterwards: { out, seeds, threads, ignoreLimits, signal, onProgress: options.onAfterwards },
  });
  return writePage(page, name, out);
}

/** Writes the page's files. */
async function writePage(page: Page, name: string, out: string): Promise<Reproduced> {
  const html = join(out, `${name}.html`);
  const markdown = join(out, `${name}.md`);
  const blocks = pageBlocks(page);
  const drawn = page.sections.flatMap((section) => (section.kind === 'figure' ? [section.figure] : []));
  await mkdir(join(out, 'figures'), { recursive: true }).catch((error: unknown) => {
    throw cannotWrite(out, error);
  });
  const figures: string[] = [];
  for (const figure of drawn) {
    const file = join(out, 'figures', `${figure.name}.svg`);
    await writeWhole(file, figure.svg);
    figures.push(file);
  }
  await writeWhole(markdown, markdownOf(blocks));
  await writeWhole(html, htmlPage({ title: page.title, body: htmlOf(blocks) }));
  return { page, html, markdown, figures };
}

/** Refuses a place that holds something, but no reproduction. */
function requireOwn(out: string): void {
  const names = namesIn(out);
  // The page comes last: what a killed process left may be its figures alone.
  const own = [CELLS, POSTTRAINING, 'figures', ...reproductionNames.map((name) => `${name}.html`)];
  if (names.length === 0 || names.some((name) => own.includes(name))) return;
  throw new UserError(
    `The output '${out}' exists and holds something else; it is never replaced.`,
    'choose another --out',
  );
}
