// Fuzzing of the readers of .npy, .safetensors, bundle.json and vocabulary indexes: every saved file has the outcome it was saved with, and a thousand files
// damaged at random keep the rules of readers.ts. For longer runs: scripts/fuzz-readers.ts.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { mutate } from './mutate.js';
import { fuzzedFormats, fuzzedReaders, refusalOf, savedFiles } from './readers.js';

const folder = mkdtempSync(join(tmpdir(), 'bitrow-fuzz-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe.each(fuzzedFormats)('.%s', (format) => {
  const saved = savedFiles(format);
  const path = join(folder, `fuzzed${fuzzedReaders[format].extension}`);

  it.each(saved)('$name', async ({ bytes, isRead }) => {
    const refusal = await refusalOf(format, path, bytes);
    expect(refusal === undefined ? 'read' : refusal).toEqual(isRead ? 'read' : expect.stringMatching(/\w/));
  });

  it('the saved files are refused for many different reasons', async () => {
    const reasons = new Set<string>();
    for (const { bytes, isRead } of saved)
      if (!isRead) reasons.add(`${await refusalOf(format, path, bytes)}`);
    // An index has few things that can be wrong with it.
    expect(reasons.size).toBeGreaterThan(format === 'index' ? 5 : 15);
    expect(saved.filter(({ isRead }) => isRead).length).toBeGreaterThan(3);
  });

  it('files damaged at random are read whole or refused in a sentence', async () => {
    const files = saved.map(({ bytes }) => bytes);
    let read = 0;
    await fc.assert(
      fc.asyncProperty(fc.nat(), async (seed) => {
        const refusal = await refusalOf(format, path, mutate(seed, files, fuzzedReaders[format]));
        if (refusal === undefined) read++;
      }),
      { numRuns: 1000 },
    );
    expect(read).toBeGreaterThan(0);
  });
});
