import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Window } from 'happy-dom';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { syntheticComparison } from '../../test/synthetic-comparison.js';
import type { Cell, CellEpoch, Comparison } from './comparison.js';
import { writeReport } from './write-report.js';

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'bitrow-report-'));
});
afterAll(() => rm(directory, { recursive: true }));

let written = 0;

async function report(comparison: Comparison, name = `${written++}`) {
  const paths = await writeReport(comparison, join(directory, name));
  const read = (path: string) => readFile(path, 'utf8');
  const figures = new Map<string, string>();
  for (const path of paths.figures) figures.set(path.replace(/^.*\/(.*)\.svg$/, '$1'), await read(path));
  return { html: await read(paths.html), markdown: await read(paths.markdown), figures };
}

/** A comparison with every cell, or every epoch of it, changed. */
function changed(
  comparison: Comparison,
  cell: (cell: Cell) => Partial<Cell>,
  epoch: (epoch: CellEpoch) => Partial<CellEpoch> = () => ({}),
): Comparison {
  return {
    ...comparison,
    variants: comparison.variants.map((variant) => ({
      ...variant,
      cells: variant.cells.map((old) => ({
        ...old,
        ...cell(old),
        epochs: (cell(old).epochs ?? old.epochs).map((each) => ({ ...each, ...epoch(each) })),
      })),
    })),
  };
}

/** With the table's record changed where there is one. */
const table = (change: Partial<NonNullable<CellEpoch['table']>>) => (epoch: CellEpoch) => ({
  table: epoch.table && { ...epoch.table, ...change },
});

const all = [
  'auc-differences',
  'logloss-differences',
  'auc-by-inference-bytes',
  'auc-by-training-bytes',
  'training-loss',
  'validation-auc',
  'step-sizes',
  'saturated-codes',
  'zero-codes',
  'erased-updates',
  'loss-by-frequency',
];

/** Well formed, or the parser's complaint. */
function parsed(svg: string) {
  const window = new Window();
  const document = new window.DOMParser().parseFromString(svg, 'application/xml');
  const complaint = document.querySelector('parsererror');
  if (complaint) throw new Error(complaint.textContent);
  return document;
}

describe('figures', () => {
  const whole = syntheticComparison({ epochs: 2, seeds: 2, variants: 6 });
  let drawn: Awaited<ReturnType<typeof report>>;
  beforeAll(async () => {
    drawn = await report(whole);
  });

  it('are all there when their data is, and named in the page and in Markdown', () => {
    const { html, markdown, figures } = drawn;
    expect([...figures.keys()]).toEqual(all);
    for (const name of all) {
      expect(html).toContain(`<figure id="${name}">`);
      expect(markdown).toContain(`(figures/${name}.svg)`);
    }
  });

  it.each([
    ['validation-auc', changed(whole, ({ epochs }) => ({ epochs: epochs.slice(0, 1) }))],
    [
      'training-loss',
      changed(
        whole,
        () => ({}),
        () => ({ lossCurve: [] }),
      ),
    ],
    ['step-sizes', changed(whole, () => ({}), table({ stepPercentiles: null }))],
    ['erased-updates', changed(whole, () => ({}), table({ erased: null }))],
    ['loss-by-frequency', changed(whole, () => ({ deciles: null }))],
  ])('leave out %s alone without its data', async (name, comparison) => {
    const { html, markdown, figures } = await report(comparison);
    expect([...figures.keys()]).toEqual(all.filter((other) => other !== name));
    expect(html).not.toContain(name);
    expect(markdown).not.toContain(name);
  });

  it('of the codes are left out together, with their heading, for fp32 tables', async () => {
    const { html, figures } = await report(
      changed(
        whole,
        () => ({}),
        () => ({ table: null }),
      ),
    );
    expect(all.filter((name) => !figures.has(name))).toEqual([
      'step-sizes',
      'saturated-codes',
      'zero-codes',
      'erased-updates',
    ]);
    expect(html).not.toContain('Codes and lost updates');
    expect(html).not.toContain('Step sizes');
  });

  it('and tables stand for a comparison that has only begun, too', async () => {
    const begun = { ...whole, variants: whole.variants.map((variant) => ({ ...variant, cells: [] })) };
    expect((await report(begun)).figures.size).toBe(0);
    expect((await report({ ...whole, variants: [] })).html).toContain('nothing to compare');
    const one = { ...whole, variants: whole.variants.slice(0, 1) };
    expect([...(await report(one)).figures.keys()]).toEqual(['training-loss', 'validation-auc']);
  });

  it('of an earlier report do not stay', async () => {
    await report(whole, 'again');
    await report(syntheticComparison({ seeds: 2, variants: 6 }), 'again');
    const files = await readdir(join(directory, 'again', 'figures'));
    expect(files.sort()).toEqual(
      all
        .filter((name) => name !== 'validation-auc')
        .map((name) => `${name}.svg`)
        .sort(),
    );
  });

  it('are well-formed SVG with a title, a description and colours for the dark', () => {
    expect(() => parsed('<svg><g></svg>')).toThrow();
    for (const svg of drawn.figures.values()) {
      const root = parsed(svg).documentElement;
      expect(root.tagName).toBe('svg');
      expect(svg).toMatch(/^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg" /);
      const ids = (root.getAttribute('aria-labelledby') ?? '').split(' ');
      expect(ids.map((id) => root.querySelector(`#${id}`)?.tagName)).toEqual(['title', 'desc']);
      expect(root.querySelector('desc')?.textContent.length).toBeGreaterThan(40);
      expect(svg).toContain('prefers-color-scheme:dark');
      expect(svg).not.toMatch(/NaN|undefined|Infinity/);
    }
  });

  it('share no id on the page', () => {
    const ids = [...drawn.html.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id);
    expect(ids.length).toBeGreaterThan(22);
    expect(new Set(ids).size).toBe(ids.length);
  });
});

describe('writeReport', () => {
  it('writes the same bytes for the same comparison', async () => {
    const make = () => syntheticComparison({ epochs: 2, seeds: 2, variants: 8, hasFailures: true });
    const first = await report(make());
    expect(await report(make())).toEqual(first);
    expect(
      (await report(syntheticComparison({ epochs: 2, seeds: 2, variants: 8, random: 2 }))).html,
    ).not.toBe(first.html);
  });

  it('writes a page that loads and runs nothing', async () => {
    const { html } = await report(syntheticComparison({ hasFailures: true }));
    expect(html).toContain(`default-src 'none'`);
    expect(html).not.toMatch(/<(script|link|img|iframe|object|embed|use|image|base)\b/i);
    expect(html).not.toMatch(/\b(src|href|srcset|action|data)\s*=/i);
    expect(html).not.toMatch(/@import|url\((?!#)/i);
    expect(html.replaceAll('xmlns="http://www.w3.org/2000/svg"', '')).not.toMatch(/https?:/);
  });

  it('says what diverged and failed, what differs and how to repeat it', async () => {
    const { html, markdown } = await report(syntheticComparison({ hasFailures: true }));
    for (const text of [html, markdown]) {
      expect(text).toContain('is NaN in step 1840');
      expect(text).toContain('Diverged and failed');
      expect(text).toContain('bitrow compare --data data/flights');
      expect(text).toContain('bitrow train --data data/flights --out runs/alpt:4');
      expect(text).toContain('stepLearningRate: 0.00002');
    }
    expect(html).toContain('method.bits: 4  # first: null');
    expect((await report(syntheticComparison())).html).not.toContain('Diverged and failed');
  });

  it('escapes what comes from people', async () => {
    const evil = `<script>alert("1")</script>|&amp;\`x\`\u0000]]>`;
    const plain = syntheticComparison({ epochs: 2, seeds: 2, hasFailures: true });
    const comparison: Comparison = {
      ...plain,
      command: evil,
      machine: { ...plain.machine, cpu: evil },
      data: { ...plain.data, dataset: evil, path: evil },
      variants: plain.variants.map((variant) => ({
        ...variant,
        name: `${variant.name} ${evil}`,
        command: evil,
        config: { ...variant.config, [evil]: evil },
        cells: variant.cells.map((cell) => ({ ...cell, error: cell.error && evil })),
      })),
    };
    const { html, markdown, figures } = await report(comparison);
    for (const svg of figures.values()) {
      expect(parsed(svg).querySelector('script')).toBeNull();
      expect(svg).toContain('&lt;script&gt;');
    }
    expect(html).not.toMatch(/<script/i);
    expect(html).toContain('&lt;script&gt;');
    expect(html).not.toContain('\u0000');
    // What is not code begins no tag, and no cell has a bar of its own.
    const prose = markdown.replace(/(`{3,})[\s\S]*?\1/g, '').replace(/(`+)[\s\S]*?\1/g, '');
    expect(prose).not.toMatch(/(?<!\\)<script/);
    const lines = markdown.split('\n').filter((line) => line.startsWith('| '));
    const bars = lines.map((line) => line.match(/(?<!\\)\|/g)?.length);
    // Eight columns, seven, and four of failures.
    expect(new Set(bars)).toEqual(new Set([9, 8, 5]));
  });
});
