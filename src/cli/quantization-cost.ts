// What quantizing a run's table costs, as lines: AUC and logloss before and after, over all rows and by tenths of them.
import { count, signed } from '../reports/numbers.js';
import type { QuantizeRunReport } from '../scoring/quantize-run.js';

type Scores = NonNullable<QuantizeRunReport['scores']>;

const headings = ['rows', 'AUC', 'after', 'difference', 'logloss', 'after', 'difference'];

/** A table: all rows, then tenths of them, those whose features training saw least first. */
export function costLines({ split, before, after }: Scores): string[] {
  const row = (name: string, was: Scores['before'], is: Scores['before']) => [
    name,
    count(was.rows),
    ...changeCells(was.auc, is.auc),
    ...changeCells(was.logloss, is.logloss),
  ];
  const deciles = (before.deciles ?? []).flatMap((was, i) => {
    const is = after.deciles?.[i];
    return is ? [row(was.name, { ...was, deciles: null }, { ...is, deciles: null })] : [];
  });
  const title = deciles.length > 0 ? 'features in training, geometric mean' : '';
  const table = [[title, ...headings], row('all rows', before, after), ...deciles];
  const widths = table[0].map((_, column) => Math.max(...table.map((cells) => cells[column].length)));
  const lines = table.map((cells) =>
    cells.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join('  '),
  );
  return ['', `  What it costs on ${split}:`, ...lines.map((line) => `  ${line.trimEnd()}`)];
}

function changeCells(was: number | null, is: number | null): string[] {
  const text = (value: number | null) => (value === null ? '–' : value.toFixed(5));
  return [text(was), text(is), was === null || is === null ? '–' : signed(is - was, 5)];
}
