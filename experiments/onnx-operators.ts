// What the two sets of operators for 4- and 2-bit codes cost: a run is exported with each, and both models score the same
// random rows by turns, one thread, after they have been compared with the run. Prints milliseconds a call, the median of 60
// turns, and its quartiles.
//
//   node dist/experiments/onnx-operators.js runs/alpt-4 runs/alpt-2
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { spread } from '../src/bench/benchmark.js';
import { exportRun } from '../src/exporting/export-run.js';
import { exportSubject } from '../src/exporting/export-subject.js';
import { operatorSets } from '../src/exporting/exporter.js';
import { feedsOf } from '../src/exporting/parity-feeds.js';
import { drawBatches, type ParityBatch } from '../src/exporting/parity-rows.js';
import { createSession } from '../src/graph/session.js';

const TURNS = 60;

const folder = mkdtempSync(join(tmpdir(), 'bitrow-onnx-'));
try {
  for (const run of process.argv.slice(2)) {
    const { subject } = await exportSubject({ run, checkpoint: 'best', threads: 1, onProgress() {} });
    const { dataset } = subject.run.directory.run;
    const sessions = [];
    for (const operators of operatorSets) {
      const out = join(folder, `${operators}.onnx`);
      const { bytes } = await exportRun({ run, format: 'onnx', out, operators, threads: 1, force: true });
      sessions.push({ operators, bytes, session: await createSession(out) });
    }
    for (const rows of [1, 100, 1000]) {
      const batches: ParityBatch[] = drawBatches(dataset, TURNS * rows, rows);
      const times = sessions.map((): number[] => []);
      for (const batch of batches) {
        const feeds = feedsOf(subject, batch);
        for (const [i, { session }] of sessions.entries()) {
          const logits = new Float32Array(rows);
          const began = performance.now();
          await session.run(feeds, { logits: { data: logits, shape: [rows] } });
          times[i].push(performance.now() - began);
        }
      }
      for (const [i, { operators, bytes }] of sessions.entries()) {
        const { median, low, high } = spread(times[i]);
        const quartiles = `${low.toFixed(3)} to ${high.toFixed(3)}`;
        console.log(
          `${run} (${operators}, ${bytes} bytes): ${rows} rows ${median.toFixed(3)} ms (${quartiles})`,
        );
      }
    }
    for (const { session } of sessions) await session.release();
  }
} finally {
  rmSync(folder, { recursive: true });
}
