// Resuming in mid-epoch on rows that carry more than one id per field: a bag, a shared vocabulary, numbers, a weight,
// each alone and all at once. Every tensor, the metrics and the mean loss of the epoch are those of the whole run.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { resolveConfig } from '../src/runs/resolve-config.js';
import type { Schema } from '../src/schema/schema.js';
import { train } from '../src/training/train.js';
import { prepareRich, richFields, richSchema } from './rich-dataset.js';
import { runContents } from './run-contents.js';

const folder = mkdtempSync(join(tmpdir(), 'bitrow-resume-rich-'));
afterAll(() => rmSync(folder, { recursive: true }));

const { user, item, seen, tags } = richFields;
const { numbers, weight } = richSchema;
const label = 'click = 1';
const schemas: Record<string, Schema> = {
  'a bag': { label, fields: [user, tags] },
  'a shared vocabulary': {
    label,
    fields: [user, item, { ...richFields.user, name: 'also', vocabulary: 'items' }],
  },
  'a bag that shares': { label, fields: [item, seen] },
  numbers: { label, fields: [user], numbers },
  'a weight': { label, fields: [user, item], weight },
  everything: richSchema,
};

/** 7 batches an epoch. */
const config = resolveConfig({
  model: { dim: 5, hidden: [12], dropout: 0.2, batchNorm: true },
  optimizer: { learningRate: 0.01 },
  dense: { learningRate: null },
  training: { epochs: 2, patience: 100, batchSize: 200, microBatch: 64 },
});

describe('a run that was stopped in mid-epoch goes on to the same bits, with', () => {
  it.each(Object.entries(schemas))('%s', async (name, schema) => {
    const place = (what: string) => join(folder, `${name.replaceAll(' ', '-')}-${what}`);
    const data = await prepareRich(folder, {
      rows: 1700,
      schema,
      out: place('data'),
      negativeSampling: name === 'everything' ? 0.7 : 1,
    });
    const whole = place('whole');
    await train({ data, out: whole, config, threads: 1 });
    const stopped = place('stopped');
    for (const [batches, threads] of [
      [3, 1],
      [6, 2],
    ]) {
      const controller = new AbortController();
      let seenBatches = 0;
      const stopping = train({
        data,
        out: stopped,
        config,
        threads,
        resume: true,
        signal: controller.signal,
        onProgress: ({ kind }) => {
          if (kind === 'batch' && ++seenBatches === batches) controller.abort(new Error('enough'));
        },
      });
      await expect(stopping).rejects.toThrow('enough');
    }
    await train({ out: stopped, resume: true, threads: 1 });
    const contents = await runContents(stopped);
    expect(contents).toEqual(await runContents(whole));
    expect(contents.state).toBe('finished');
    expect(contents.metrics).toHaveLength(2);
  });
});
