// What `bitrow quantize` says of a file it made.
import type { QuantizeFileReport } from '../posttraining/quantize-file.js';
import { count, percent } from '../reports/numbers.js';
import type { Result } from './command.js';
import { bytes, share } from './quantities.js';

/** The summary of a file that was quantized. */
export function quantizeSummary(input: string, report: QuantizeFileReport, seconds: number): Result {
  const { out, method, bits, side, layout, bytesBefore, bytesAfter, tables, leftOut } = report;
  const rows = tables.reduce((sum, table) => sum + table.rows, 0);
  const line = (name: string, value: string) => `  ${name.padEnd(22)}${value}`;
  const width = Math.max(...tables.map(({ name }) => name.length));
  const text = [
    `${out}: ${count(rows)} rows by ${method} in ${bits} bits, layout ${layout}, ${side} sides, ${seconds.toFixed(1)} s (${count(rows / seconds)} rows/s)`,
    line(
      'size',
      `${bytes(bytesBefore)} → ${bytes(bytesAfter)}, ${percent(report.ratio)} (${share(bytesAfter, bytesBefore)})`,
    ),
    line('error of a row', `${error(report.meanError)} in the mean, ${error(report.worstError)} at worst`),
    line('error of the whole', `${error(report.tableError)}   (‖x − x̂‖ / ‖x‖)`),
    line('degenerate rows', `${count(report.degenerateRows)}   (one code for all values)`),
    ...(method === 'minmax' ? [] : [line('worse than min-max', `${count(report.rowsWorseThanMinMax)} rows`)]),
    ...(tables.length === 1
      ? []
      : [
          '',
          ...tables.map(
            (table) =>
              `  ${table.name.padEnd(width)}  (${table.rows}, ${table.dim})  ${bytes(table.bytesBefore)} → ${bytes(table.bytesAfter)}, error ${error(table.meanError)}, at worst ${error(table.worstError)}`,
          ),
        ]),
    ...leftOut.map(({ name, reason }) => `  left out: '${name}' ${reason}`),
  ].join('\n');
  return { text, json: { input, ...report, rows, seconds, rowsPerSecond: rows / seconds } };
}

function error(value: number | null): string {
  return value === null ? 'undefined (all zero)' : value.toPrecision(3);
}
