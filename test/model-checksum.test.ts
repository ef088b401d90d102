import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Table } from '../src/embedding/table.js';
import { allocateTable } from '../src/embedding/table-memory.js';
import { type PartialConfig, resolveConfig } from '../src/runs/resolve-config.js';
import { embeddingSpec } from '../src/scoring/blueprint.js';
import { modelChecksum } from '../src/scoring/model-checksum.js';
import { openRun } from '../src/scoring/open-run.js';
import { train } from '../src/training/train.js';
import { prepareToy } from './toy-dataset.js';

const folder = mkdtempSync(join(tmpdir(), 'bitrow-checksum-'));
let data: string;
beforeAll(async () => {
  data = await prepareToy(folder, { rows: 2600 });
});
afterAll(() => rmSync(folder, { recursive: true }));

let runs = 0;

/** Trains and gives the path of the run. Batches of 512 in 8 micro-batches of 64; the last batch is smaller. */
async function trained(threads: number, ...more: PartialConfig[]): Promise<string> {
  const base = {
    model: { dim: 5, hidden: [24, 24], dropout: 0.3, batchNorm: true },
    training: { epochs: 2, batchSize: 512, microBatch: 64 },
  };
  const out = join(folder, `run-${runs++}`);
  await train({ data, out, config: resolveConfig(base, ...more), threads });
  return out;
}

async function checksum(run: string): Promise<string> {
  const { table, dense } = await openRun(run, 'last', 1);
  return modelChecksum([table], dense);
}

describe('the checksum of a model', () => {
  it.each(['full', 'lpt', 'alpt'])('of %s is the same for 1, 2 and 4 threads', async (name) => {
    const method = { method: { name } };
    const one = await checksum(await trained(1, method));
    expect(await checksum(await trained(2, method))).toBe(one);
    if (name === 'alpt') expect(await checksum(await trained(4, method))).toBe(one);
    expect(await checksum(await trained(1, method, { training: { seed: 2 } }))).not.toBe(one);
  });

  it('covers every value, every step and every dense tensor', async () => {
    const run = await trained(1);
    const opened = () => openRun(run, 'last', 1);
    const { table, dense } = await opened();
    const original = modelChecksum([table], dense);

    for (const { name, data: values } of dense) {
      const kept = values[0];
      values[0] = kept + 1;
      expect(modelChecksum([table], dense), name).not.toBe(original);
      values[0] = kept;
    }
    const [first, ...others] = dense;
    expect(modelChecksum([table], [{ ...first, name: 'other' }, ...others])).not.toBe(original);
    expect(modelChecksum([table], dense)).toBe(original);

    const { layout } = table.spec;
    const [{ records, rows }] = table.plans[0].sections;
    new Table(table, 0).touch(Uint32Array.from({ length: rows }, (_, row) => row));
    const bytes = new Uint8Array(table.memories[0].buffer);
    for (const row of [0, 40, rows - 1]) {
      for (const at of [0, layout.codeBytes - 1, layout.stepOffset]) {
        const address = records + row * layout.recordBytes + at;
        bytes[address] ^= 1;
        expect(modelChecksum([table], dense), `row ${row}, byte ${at}`).not.toBe(original);
        bytes[address] ^= 1;
      }
    }

    // The step of a row of zeros, which no value shows.
    const record = records + 40 * layout.recordBytes;
    bytes.fill(128, record, record + layout.codeBytes);
    const zeros = modelChecksum([table], dense);
    bytes[record + layout.stepOffset] ^= 1;
    expect(modelChecksum([table], dense)).not.toBe(zeros);
  });

  it('is SHA-256 over values and steps in row order, however many rows there are', () => {
    const config = resolveConfig({ model: { dim: 3 } });
    const shape = { vocabularySizes: [15_000, 5001], fieldVocabularies: [0, 1] };
    const memory = allocateTable(embeddingSpec(config, shape, { threads: 1, isTraining: false }));
    const table = new Table(memory, 0);
    const rows = Uint32Array.from({ length: 20_001 }, (_, row) => row);
    const values = new Float32Array(20_001 * 3);
    const steps = new Float32Array(20_001);
    table.read(rows, values);
    table.readSteps(rows, steps);
    const expected = createHash('sha256')
      .update('table embedding 20001 3\n')
      .update(values)
      .update('steps embedding 20001\n')
      .update(steps)
      .digest('hex');
    expect(modelChecksum([memory], [])).toBe(expected);
  });

  it('does not depend on which initial rows were written', async () => {
    const run = await trained(1, { training: { epochs: 1 } });
    const { table, dense } = await openRun(run, 'last', 1);
    const { plans, memories } = table;
    // As if no row had ever been written: all of them are read from the generator.
    const written = new Uint32Array(
      memories[0].buffer,
      plans[0].sections[0].written,
      Math.ceil(plans[0].rows / 32),
    ).fill(0);
    const lazy = modelChecksum([table], dense);
    new Table(table, 0).touch(Uint32Array.from({ length: plans[0].rows }, (_, row) => row));
    expect(written.some((word) => word !== 0)).toBe(true);
    expect(modelChecksum([table], dense)).toBe(lazy);
  });
});
