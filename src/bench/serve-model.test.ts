// The model that is served has the same values for both sides, by raw value and by id.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { createSession } from '../graph/session.js';
import { open } from '../scoring/open.js';
import { makeServedModel } from './serve-model.js';

it('answers the same by raw values and by ids, as a bundle and as fp32 ONNX', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'bitrow-serve-model-'));
  try {
    const made = await makeServedModel(folder, 1000, 4);
    const ids = made.ids(7, 50);
    const model = await open(made.bundle);
    const { probabilities, oov } = await model.predict(made.rows(7, 50));
    const encoded = await model.predictEncoded({ ids: Uint32Array.from(ids.flat()), rows: 50 });
    await model.close();
    expect(encoded.probabilities).toEqual(probabilities);
    expect(Object.values(oov).reduce((sum, n) => sum + n, 0)).toBe(
      ids.flat().filter((id) => id === 0).length,
    );
    expect(new Set(probabilities).size).toBe(50);
    const session = await createSession(made.onnx);
    const found = new Float32Array(50);
    const feeds = Object.fromEntries(
      ids[0].map((_, f) => [
        `field${f}`,
        { data: BigInt64Array.from(ids, (row) => BigInt(row[f])), shape: [50] },
      ]),
    );
    await session.run(feeds, { probabilities: { data: found, shape: [50] } });
    await session.release();
    for (const [i, probability] of probabilities.entries()) expect(found[i]).toBeCloseTo(probability, 6);
  } finally {
    rmSync(folder, { recursive: true });
  }
}, 60_000);
