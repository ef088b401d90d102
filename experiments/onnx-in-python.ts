// Exports runs as ONNX and asks Python's onnxruntime for the logits of the first 10,000 rows of a split, at all its
// optimization levels: they are to be the run's. Prints a line for each run and each set of operators.
//
//   node dist/experiments/onnx-in-python.js --data data/flights [--split test] --python PYTHON runs/alpt-4 runs/full …
//
// PYTHON has onnxruntime and numpy (pip install onnxruntime).
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { exportRun } from '../src/exporting/export-run.js';
import { exportSubject } from '../src/exporting/export-subject.js';
import { operatorSets } from '../src/exporting/exporter.js';
import { scoreRows } from '../src/exporting/parity.js';
import { feedsOf } from '../src/exporting/parity-feeds.js';
import { parityRows } from '../src/exporting/parity-rows.js';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    data: { type: 'string' },
    split: { type: 'string', default: 'test' },
    python: { type: 'string', default: 'python3' },
  },
});
const { data, split, python } = values;
const script = fileURLToPath(new URL('../../scripts/check-onnx.py', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'bitrow-onnx-'));
try {
  for (const run of positionals) {
    const { subject } = await exportSubject({
      run,
      checkpoint: 'best',
      data,
      split,
      threads: 1,
      onProgress() {},
    });
    const { batches } = await parityRows(subject, undefined);
    const logits = await scoreRows(subject.run, batches, 1);
    const files = batches.map((batch, i) => {
      const inputs = Object.entries(feedsOf(subject, batch)).map(([name, { data, shape }]) => {
        const type = data instanceof BigInt64Array ? 'int64' : 'float64';
        // JSON has no NaN: null is one.
        const numbers = Array.from(data as Iterable<number | bigint>, (x) =>
          Number.isNaN(Number(x)) ? null : Number(x),
        );
        return [name, { type, shape, data: numbers }];
      });
      const path = join(folder, `rows-${i}.json`);
      writeFileSync(
        path,
        JSON.stringify({ inputs: Object.fromEntries(inputs), logits: Array.from(logits[i]) }),
      );
      return path;
    });
    for (const operators of operatorSets) {
      const out = join(folder, 'model.onnx');
      await exportRun({ run, format: 'onnx', out, operators, threads: 1, force: true });
      let largest = 0;
      let rows = 0;
      let onnxruntime = '';
      for (const path of files) {
        const said = JSON.parse(execFileSync(python, [script, out, path], { encoding: 'utf8' }));
        largest = Math.max(largest, said.largestDifference);
        rows += said.rows;
        onnxruntime = said.onnxruntime;
      }
      console.log(
        `${run} (${operators}): ${rows} rows of ${split}, onnxruntime ${onnxruntime}, logits within ${largest}`,
      );
    }
  }
} finally {
  rmSync(folder, { recursive: true });
}
