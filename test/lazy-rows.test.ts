// A checkpoint holds the rows ever written, and no byte for the others; which they are changes no result.
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { tableRows } from '../src/embedding/shard.js';
import { Table } from '../src/embedding/table.js';
import { resolveConfig } from '../src/runs/resolve-config.js';
import { modelChecksum } from '../src/scoring/model-checksum.js';
import { Trainer } from '../src/training/trainer.js';
import { writeEncodedDataset } from './encoded-dataset.js';

const folder = mkdtempSync(join(tmpdir(), 'bitrow-lazy-'));
afterAll(() => rmSync(folder, { recursive: true }));

it('3,000,000 lazy rows and 3,000,000 written ones give equal results, before a checkpoint and after', async () => {
  const dataset = await writeEncodedDataset({ rows: 3000, sizes: [3_000_000, 50], rowGroupRows: 2048 });
  const config = resolveConfig({
    model: { dim: 2, hidden: [8] },
    training: { batchSize: 1000, microBatch: 256 },
  });
  const create = () => new Trainer({ dataset, config, threads: 2 });
  const checksum = (trainer: Trainer) => modelChecksum([trainer.table], []);

  const trainOn = async (isWritten: boolean) => {
    const file = join(folder, isWritten ? 'written' : 'lazy');
    const trainer = create();
    try {
      const rows = tableRows(trainer.table.spec);
      if (isWritten) new Table(trainer.table, 0).touch(Uint32Array.from({ length: rows }, (_, row) => row));
      const losses = [await trainer.trainEpoch(1)];
      await trainer.saveState(file, {});
      const before = checksum(trainer);
      const resumed = create();
      try {
        await resumed.restore(file, trainer.trainingStep);
        expect(checksum(resumed)).toBe(before);
        losses.push(await resumed.trainEpoch(2));
        return { losses, checksum: checksum(resumed), bytes: statSync(file).size };
      } finally {
        await resumed.close();
      }
    } finally {
      await trainer.close();
    }
  };
  const [lazy, written] = [await trainOn(false), await trainOn(true)];
  expect({ ...lazy, bytes: 0 }).toEqual({ ...written, bytes: 0 });
  // 2 bytes of codes, 4 of step, 16 + 8 of state for each row.
  expect(written.bytes).toBeGreaterThan(3_000_000 * 30);
  expect(lazy.bytes).toBeLessThan(3100 * 60 + 20_000);
});
