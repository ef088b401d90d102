// The methods beside each other on flights: the paper's over five seeds, the others over two. Prints the tables of README,
// docs/results.md and docs/findings.md, and writes a report of each into OUT. Cells that have finished are never trained
// again, so it may be stopped and goes on.
//
//   node dist/experiments/flights-methods.js DATA OUT      DATA: bitrow prepare flights --out DATA
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { compare } from '../src/comparing/compare.js';
import { readVariants, resolveVariants } from '../src/comparing/variants.js';
import { writeReport } from '../src/reports/write-report.js';
import { readYaml } from './cells.js';
import { codesTable, decilesTable } from './codes-table.js';
import { methodsTable } from './methods-table.js';

const [data, out] = process.argv.slice(2);
if (!data || !out) throw new Error('usage: flights-methods DATA OUT');
const layers = [{ values: readYaml('experiments/flights-reference.yaml') }];

for (const [name, seeds] of [
  ['flights-methods', 5],
  ['flights-others', 2],
] as const) {
  const variants = resolveVariants(await readVariants(`experiments/${name}.yaml`), { layers });
  const comparison = await compare({
    data,
    out,
    variants,
    seeds: Array.from({ length: seeds }, (_, i) => i + 1),
    threads: availableParallelism(),
    command: `node dist/experiments/flights-methods.js ${data} ${out}`,
    onProgress: (event) => {
      if (event.kind === 'cell-end')
        console.error(`${event.variant}, seed ${event.seed}: ${event.cell.status}`);
    },
  });
  await writeReport(comparison, join(out, name));
  console.log(`\n${[methodsTable, codesTable, decilesTable].map((of) => of(comparison)).join('\n\n')}`);
}
