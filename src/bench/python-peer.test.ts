// The DCN peers, where a Python with torch is named by BITROW_PYTHON: that they are the same training is their own check.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { writeEncodedDataset } from '../../test/encoded-dataset.js';
import { Trainer } from '../training/trainer.js';
import { writePeerProblem } from './peer-problem.js';
import { startPython } from './python-peer.js';
import { readBatchesOnce } from './read-batches.js';
import { shapeConfig } from './shapes.js';

const python = process.env.BITROW_PYTHON ?? '';

it.skipIf(python === '').each(['usual', 'best'])(
  'torch-%s trains to the same losses (skipped without BITROW_PYTHON)',
  async (kind) => {
    const dataset = await writeEncodedDataset({
      rows: 1000,
      sizes: [7, 300, 40],
      rowGroupRows: 512,
      label: 'case when (i * 7919) % 7 < 3 then 1 else 0 end',
    });
    const config = shapeConfig('B', {
      model: { hidden: [16, 8] },
      method: { name: 'full' },
      // Steps as large as this show a wrong rule at once.
      optimizer: { learningRate: 0.01 },
      dense: { learningRate: 0.01 },
      training: { batchSize: 100, microBatch: 64 },
    });
    const batches = await readBatchesOnce(dataset, 100, 8);
    const folder = await mkdtemp(join(tmpdir(), 'bitrow-peer-'));
    const trainer = new Trainer({ dataset, config, threads: 1 });
    try {
      await writePeerProblem(folder, dataset, config, batches, trainer);
      const losses: number[] = [];
      await trainer.trainOn(batches, 1, (_, { loss }) => losses.push(loss));
      const peer = await startPython(python, 'dcn.py', [kind, folder, '1']);
      if (typeof peer === 'string') throw new Error(peer);
      const theirs = (await peer.ask({ first: 0, steps: 8 })).losses as number[];
      peer.close();
      expect(losses[7]).toBeLessThan(losses[0]);
      // fp32 sums in other orders, eight steps of Adam.
      for (const [i, loss] of losses.entries()) expect(Math.abs(theirs[i] - loss)).toBeLessThan(2e-5);
    } finally {
      await trainer.close();
      await rm(folder, { recursive: true });
    }
  },
  300_000,
);
