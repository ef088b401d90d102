// The page of the post-training tables: what was quantized, the two tables in the paper's form, how many rows a method
// serves worse than min-max does, what the paper's abstract says held against it, and the arithmetic of its 13.89 %.
import { meanDeviation } from '../../metrics/mean-deviation.js';
import { count, percent } from '../../reports/numbers.js';
import { drawErrors } from './draw-errors.js';
import { drawSizes } from './draw-sizes.js';
import { failures, scoreText } from './measured.js';
import { nothing, type Page, type PageTable, type Section } from './page.js';
import { abstractClaims, compressionTable } from './posttraining-claims.js';
import { sampleRows } from './posttraining-measure.js';
import {
  differenceText,
  fp32Bytes,
  lossDifference,
  meanError,
  meanOf,
  type PosttrainingResults,
  significant,
  type WidthResults,
} from './posttraining-results.js';
import { type Way, wayTitle } from './posttraining-ways.js';

const paper = 'Guan et al., "Post-Training 4-bit Quantization on Embedding Tables", 2019, arXiv 1911.02079';
const title = 'Post-training quantization: error, size and logloss';

/** Puts the page together. */
export async function posttrainingPage(results: PosttrainingResults): Promise<Page> {
  const { comparison, split, widths } = results;
  const failed = failures(comparison.variants);
  const errorFigure = {
    name: 'posttraining-errors',
    title: 'Error by method',
    caption: `Mean over rows of ‖x − x̂‖₂ / ‖x‖₂, on a logarithmic axis, for tables trained at each width; ${rowsText(results)}. What has no error at all has no point.`,
    svg: await drawErrors(results),
  };
  const sizeFigure = {
    name: 'posttraining-sizes',
    title: 'Size against logloss',
    caption: `How far the logloss of the ${split} split is from that of the same model in fp32, over the size of the table. Further down and to the left is better. The vertical axis is linear up to 10⁻⁵ and logarithmic beyond. Dashed lines join what no other way at the same width beats in both; these are named as far as there is room.`,
    svg: await drawSizes(results),
  };
  const sections: Section[] = [
    {
      kind: 'text',
      text: `${paper}. Here: models trained in full precision on ${comparison.data.dataset}, ${count(comparison.data.features)} table rows, ${seedsText(widths)}; scores of the ${split} split.`,
    },
    {
      kind: 'text',
      text: 'Of the paper no more than the abstract was at hand: its tables give the form of these, and none of its numbers stands beside ours but the 13.89 % below.',
    },
    { kind: 'heading', text: 'Table 1: normalized l2 error' },
    { kind: 'table', table: errorTable(results) },
    {
      kind: 'text',
      text: `A row’s error is ‖x − x̂‖₂ / ‖x‖₂, here its mean over ${rowsText(results)}. ${sideText}`,
    },
    { kind: 'figure', figure: errorFigure },
    { kind: 'heading', text: 'Table 2: size and logloss' },
    { kind: 'table', table: lossTable(results) },
    {
      kind: 'list',
      items: [
        'Size is that of the table as stored, codes with scales and biases or codebooks, as a share of its fp32 values. The network beside it stays in fp32.',
        'The difference is to the same model in fp32, paired by seed, with its 90 % interval where there are two seeds or more.',
        ...leftOut(results),
      ],
    },
    { kind: 'figure', figure: sizeFigure },
    ...worseRows(results),
    ...list('What did not finish', failed),
    ...abstractClaims(results),
    { kind: 'heading', text: 'The 13.89 % of the abstract' },
    { kind: 'table', table: compressionTable() },
    {
      kind: 'text',
      text: 'Of D values in fp32, 4·D bytes, 4 bits with scale and bias in fp16 take D/2 + 4: a share of 1/8 + 1/D. The abstract’s 13.89 % is 5/36, a table with D = 72, or a production mix of tables whose mean of 1/D, weighted by their values, is 1/72. It does not say which.',
    },
    { kind: 'text', text: `Repeated by \`${comparison.command}\`.` },
  ];
  return { title, sections, record: record(results, failed) };
}

const sideText =
  'After the method stand its bits and what its scales, biases or codebooks are stored as; in brackets the paper’s name for it.';

function rowsText({ widths }: PosttrainingResults): string {
  const rows = widths.flatMap(({ runs }) => runs.map(({ measured }) => measured.rows));
  const all = Math.max(0, ...rows);
  return all <= sampleRows
    ? `all ${count(all)} rows`
    : `${count(sampleRows)} rows, evenly spread over the ${count(all)} of the table`;
}

function seedsText(widths: readonly WidthResults[]): string {
  const seeds = new Set(widths.flatMap(({ runs }) => runs.map(({ seed }) => seed)));
  return seeds.size === 1 ? '1 seed' : `${seeds.size} seeds`;
}

function list(heading: string, items: readonly string[]): Section[] {
  if (items.length === 0) return [];
  return [
    { kind: 'heading', text: heading },
    { kind: 'list', items: [...items] },
  ];
}

function errorTable({ ways, widths }: PosttrainingResults): PageTable {
  return byWidth(ways, widths, (width, way) => {
    const error = meanError(width, way);
    return error === null ? nothing : significant(error);
  });
}

function worseRows({ ways, widths }: PosttrainingResults): Section[] {
  const others = ways.filter(({ method }) => method !== 'minmax');
  if (others.length === 0) return [];
  const table = byWidth(others, widths, (width, way) => {
    const share = meanOf(width, way, ({ errors, rows }) => errors.rowsWorseThanMinMax / rows);
    return share === null ? nothing : percent(share);
  });
  return [
    { kind: 'heading', text: 'Rows served worse than by min-max' },
    { kind: 'table', table },
    {
      kind: 'text',
      text: 'The share of those rows whose error is larger than that of min-max at the same bits and side, by more than 10⁻⁶ of their norm.',
    },
  ];
}

/** Ways whose error was taken, and no scores. */
function leftOut({ ways, widths }: PosttrainingResults): string[] {
  const names = ways.filter((way) => !isScoredAnywhere(way, widths)).map(({ name }) => `\`${name}\``);
  if (names.length === 0) return [];
  return [
    `Left out, since to quantize a table with them takes hours: ${names.join(', ')}. They are scored where \`--quantizers\` names them.`,
  ];
}

function isScoredAnywhere({ name }: Way, widths: readonly WidthResults[]): boolean {
  return widths.some(({ runs }) => runs.some(({ measured }) => measured.ways.get(name)?.scores != null));
}

function byWidth(
  ways: readonly Way[],
  widths: readonly WidthResults[],
  cell: (width: WidthResults, way: Way) => string,
): PageTable {
  return {
    corner: 'method',
    groups: [{ title: '', columns: widths.map(({ dim }) => `D = ${dim}`) }],
    rows: ways.map((way) => ({ name: wayTitle(way), cells: widths.map((width) => cell(width, way)) })),
  };
}

function lossTable({ ways, widths }: PosttrainingResults): PageTable {
  const scored = ways.filter((way) => isScoredAnywhere(way, widths));
  return {
    corner: 'method',
    groups: widths.map(({ dim }) => ({ title: `D = ${dim}`, columns: ['Size', 'Logloss', 'Difference'] })),
    rows: [
      {
        name: 'fp32',
        cells: widths.flatMap(({ runs }) => {
          const losses = runs.flatMap(({ measured }) => measured.scores.logloss ?? []);
          return ['100 %', scoreText(meanDeviation(losses)), nothing];
        }),
      },
      ...scored.map((way) => ({
        name: wayTitle(way),
        cells: widths.flatMap((width) => lossCells(width, way)),
      })),
    ],
  };
}

function lossCells(width: WidthResults, way: Way): string[] {
  const found = width.runs.flatMap(({ measured }) => {
    const own = measured.ways.get(way.name);
    return own ? [{ own, measured }] : [];
  });
  if (found.length === 0) return [nothing, nothing, nothing];
  const [{ own, measured }] = found;
  return [
    percent(own.bytes / fp32Bytes(measured)),
    scoreText(meanDeviation(found.flatMap((each) => each.own.scores?.logloss ?? []))),
    differenceText(lossDifference(width, way)),
  ];
}

/** What `--json` prints: every number, by width, seed and way. */
function record({ split, widths, comparison }: PosttrainingResults, failed: readonly string[]) {
  return {
    split,
    sampleRows,
    failed,
    widths: widths.map(({ dim, runs }) => ({
      dim,
      runs: runs.map(({ seed, measured }) => ({
        seed,
        rows: measured.rows,
        fp32: { bytes: fp32Bytes(measured), scores: measured.scores },
        ways: [...measured.ways].map(([name, way]) => ({ name, ...way })),
      })),
    })),
    comparisons: [comparison],
  };
}
