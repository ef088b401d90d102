// Two Markdown tables of docs/findings.md: what becomes of codes and updates while integers are trained, and how much
// logloss each tenth of the validation rows pays, the rarest features first.
import { meanDeviation } from '../src/metrics/mean-deviation.js';
import type { Cell, Comparison } from '../src/reports/comparison.js';
import { fixed, percent, signed } from '../src/reports/numbers.js';

/** Means over seeds, of the last epoch; methods that store codes. */
export function codesTable({ variants }: Comparison): string {
  const lines = variants.flatMap(({ name, cells }) => {
    const tables = cells.flatMap(({ epochs }) => epochs.at(-1)?.table ?? []);
    if (tables.length === 0) return [];
    const mean = (of: (table: (typeof tables)[number]) => number | null) =>
      percent(meanDeviation(tables.flatMap((table) => of(table) ?? [])).mean ?? Number.NaN);
    return `| ${name} | ${mean(({ erased }) => erased)} | ${mean(({ saturated }) => saturated)} | ${mean(({ zero }) => zero)} |`;
  });
  return [
    '| method | updates below half a step | codes at the end of the grid | codes that are 0 |',
    '| --- | --- | --- | --- |',
    ...lines,
  ].join('\n');
}

/** Mean over seeds of what a variant's logloss is above the first's, on the rarest, a middle and the most frequent tenth. */
export function decilesTable({ variants }: Comparison): string {
  const [first, ...others] = variants;
  const tenths = [0, 4, 9];
  const loglossOf = (cell: Cell | undefined, tenth: number) => cell?.deciles?.[tenth]?.logloss;
  const lines = others.map(({ name, cells }) => {
    const means = tenths.map((tenth) => {
      const differences = cells.flatMap((cell) => {
        const own = loglossOf(cell, tenth);
        const reference = loglossOf(
          first.cells.find(({ seed }) => seed === cell.seed),
          tenth,
        );
        return typeof own === 'number' && typeof reference === 'number' ? [own - reference] : [];
      });
      const { mean } = meanDeviation(differences);
      return mean === null ? '–' : signed(mean, 4);
    });
    return `| ${name} | ${means.join(' | ')} |`;
  });
  const reference = tenths.map((tenth) => {
    const { mean } = meanDeviation(first.cells.flatMap((cell) => loglossOf(cell, tenth) ?? []));
    return mean === null ? '–' : fixed(mean, 4);
  });
  return [
    '| validation logloss | rarest tenth | fifth tenth | most frequent tenth |',
    '| --- | --- | --- | --- |',
    `| ${first.name} | ${reference.join(' | ')} |`,
    ...lines,
  ].join('\n');
}
