// @ts-check
// A training that is stopped in the middle, as Ctrl-C, a deployment or a crash does, and goes on later: the model is the
// same in every bit as that of a run nobody stopped.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { prepare, resolveConfig, train } from 'bitrow';
import { exampleFolder } from '../folder.mjs';
import { writeImpressions } from '../impressions.mjs';

const folder = exampleFolder();
const [log, data, run, undisturbed] = ['log.csv', 'data', 'run', 'undisturbed'].map((name) =>
  join(folder, name),
);
const schema = new URL('../own-csv/schema.yaml', import.meta.url).pathname;
await writeImpressions(log, { day: '2026-03-01', rows: 20_000 });
await prepare({ dataset: 'csv', schema, input: [log], out: data });
const config = resolveConfig({
  model: { dim: 8, hidden: [64, 32] },
  method: { name: 'alpt', bits: 8 },
  training: { batchSize: 512, epochs: 3 },
});

const stop = new AbortController();
try {
  await train({
    data,
    out: run,
    config,
    signal: stop.signal,
    onProgress(event) {
      if (event.kind === 'batch' && event.epoch === 2 && event.done === 10) stop.abort();
      if (event.kind === 'checkpoint') console.log(`checkpoint of epoch ${event.epoch}, step ${event.step}`);
    },
  });
} catch (error) {
  if (!stop.signal.aborted) throw error;
  console.log('stopped in the second epoch');
}

const { resumedFrom, bestEpoch } = await train({ out: run, resume: true });
console.log(
  `resumed from epoch ${resumedFrom?.epoch}, step ${resumedFrom?.step}; the best epoch is ${bestEpoch}`,
);

await train({ data, out: undisturbed, config });
const checksum = (/** @type {string} */ of) =>
  createHash('sha256')
    .update(readFileSync(join(of, 'best.safetensors')))
    .digest('hex');
console.log(`same bits as the run nobody stopped: ${checksum(run) === checksum(undisturbed)}`);
