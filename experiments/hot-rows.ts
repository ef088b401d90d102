// What more bits for the rows that training sees most give to a table of 4 bits (experiments/hot-rows.yaml), with the
// settings of flights. Prints the table of docs/findings.md. Cells that have finished are never trained again.
//
//   node dist/experiments/hot-rows.js DATA OUT [SEEDS] [EPOCHS]
import { availableParallelism } from 'node:os';
import { compare } from '../src/comparing/compare.js';
import { readVariants, resolveVariants } from '../src/comparing/variants.js';
import { readYaml } from './cells.js';
import { decilesTable } from './codes-table.js';
import { methodsTable } from './methods-table.js';

const [data, out, seeds = '1', epochs = '1'] = process.argv.slice(2);
if (!data || !out) throw new Error('usage: hot-rows DATA OUT [SEEDS] [EPOCHS]');
const layers = [
  { values: readYaml('experiments/flights-reference.yaml') },
  { values: { training: { epochs: Number(epochs) } } },
];
const comparison = await compare({
  data,
  out,
  variants: resolveVariants(await readVariants('experiments/hot-rows.yaml'), { layers }),
  seeds: Array.from({ length: Number(seeds) }, (_, i) => i + 1),
  threads: availableParallelism(),
  command: `node dist/experiments/hot-rows.js ${data} ${out} ${seeds} ${epochs}`,
  onProgress: (event) => {
    if (event.kind === 'cell-end')
      console.error(`${event.variant}, seed ${event.seed}: ${event.cell.status}`);
  },
});
console.log(`\n${[methodsTable, decilesTable].map((of) => of(comparison)).join('\n\n')}`);
