// Both executors, SQL and the row functions, over every row of flights: prepares it, then compares every id and label.
//
//   node dist/experiments/executors.js OUT
import { existsSync } from 'node:fs';
import { flights } from '../src/data/datasets/flights.js';
import { prepare } from '../src/data/prepare.js';
import { compareExecutors } from '../test/compare-executors.js';

const [out] = process.argv.slice(2);
if (!out) throw new Error('usage: executors OUT');
if (!existsSync(out)) await prepare({ dataset: 'flights', out });
const began = performance.now();
const result = await compareExecutors(out, flights.inputs([]), flights.format);
const { rows, fields, differences, typedRows, functionSeconds } = result;
const count = (n: number) => n.toLocaleString('en-US');
console.log('| rows | fields | ids and labels compared | also from typed cells | differences | seconds |');
console.log('| --- | --- | --- | --- | --- | --- |');
console.log(
  `| ${count(rows)} | ${fields} | ${count(rows * (fields + 1))} | ${count(typedRows)} rows | ${differences} | ${((performance.now() - began) / 1000).toFixed(0)} |`,
);
console.log(
  `\nRow functions and look-ups alone: ${count(Math.round(rows / functionSeconds))} rows/s on one thread.`,
);
