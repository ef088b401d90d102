// Fuzzes the readers of .npy, .safetensors, bundle.json and vocabulary indexes for as long as wanted (test/fuzz/readers.ts has the rules). Ends with 1 at the first
// file that breaks one, which it leaves for a look; with --save, files that are refused for a reason that no saved one is
// refused for become part of the corpus.
//
//   node dist/scripts/fuzz-readers.js [--format npy|safetensors|bundle|index] [--seconds 60] [--seed 1] [--save]
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { mutate } from '../test/fuzz/mutate.js';
import { corpus, fuzzedFormats, fuzzedReaders, refusalOf, savedFiles } from '../test/fuzz/readers.js';

const { values } = parseArgs({
  options: {
    format: { type: 'string' },
    seconds: { type: 'string', default: '60' },
    seed: { type: 'string', default: '1' },
    save: { type: 'boolean', default: false },
  },
});
const formats = fuzzedFormats.filter((format) => values.format === undefined || format === values.format);
const folder = mkdtempSync(join(tmpdir(), 'bitrow-fuzz-'));

for (const format of formats) {
  const { extension } = fuzzedReaders[format];
  const files = savedFiles(format);
  const path = join(folder, `fuzzed${extension}`);
  const reasons = new Set<string>();
  for (const { bytes } of files) reasons.add((await refusalOf(format, path, bytes)) ?? 'read');
  const known = reasons.size;
  const end = performance.now() + (1000 * Number(values.seconds)) / formats.length;
  let seed = Number(values.seed);
  let read = 0;
  for (; performance.now() < end; seed++) {
    const bytes = mutate(
      seed,
      files.map((file) => file.bytes),
      fuzzedReaders[format],
    );
    let reason: string | undefined;
    try {
      reason = await refusalOf(format, path, bytes);
    } catch (error) {
      console.error(`${format}, seed ${seed}, kept as ${path}:`, error);
      process.exit(1);
    }
    if (reason === undefined) read++;
    if (reason === undefined || reasons.has(reason)) continue;
    reasons.add(reason);
    console.log(`${format}, seed ${seed}: ${reason}`);
    if (!values.save) continue;
    const name = `found-${seed}`;
    writeFileSync(join(corpus, format, 'refused', `${name}${extension}`), bytes);
  }
  const done = seed - Number(values.seed);
  console.log(
    `${format}: ${done} files, ${read} of them read, ${reasons.size - known} new reasons beside ${known}`,
  );
}
rmSync(folder, { recursive: true });
