// A run of nested codes, from training to what reads its model: the checkpoint holds S bits, of which the M high ones and
// the step are all that serving needs.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inspectRun } from '../src/cli/run-summary.js';
import { Table } from '../src/embedding/table.js';
import { readRecords } from '../src/embedding/table-records.js';
import { SafetensorsReader } from '../src/formats/safetensors-reader.js';
import { unpackCodes } from '../src/quantization/packing.js';
import { resolveConfig } from '../src/runs/resolve-config.js';
import { RunDirectory } from '../src/runs/run-directory.js';
import { createMethod } from '../src/scoring/blueprint.js';
import { evaluate } from '../src/scoring/evaluate.js';
import { modelChecksum } from '../src/scoring/model-checksum.js';
import { open } from '../src/scoring/open.js';
import { openRun } from '../src/scoring/open-run.js';
import type { EpochRecord } from '../src/training/epochs.js';
import { train } from '../src/training/train.js';
import { allRows } from './local-training.js';
import { prepareToy } from './toy-dataset.js';

const DIM = 5;
const folder = mkdtempSync(join(tmpdir(), 'bitrow-nested-'));
const config = (stored: number, bits: number, firstStep = 0.01) =>
  resolveConfig({
    model: { dim: DIM, hidden: [8] },
    method: { name: 'nested', bits },
    nested: { storedBits: stored, firstStep },
    training: { epochs: 1, batchSize: 200 },
  });
const runs = [
  { stored: 8, bits: 4, codeBytes: 5, servedBytes: 3 },
  { stored: 8, bits: 2, codeBytes: 5, servedBytes: 2 },
  { stored: 6, bits: 2, codeBytes: 4, servedBytes: 2 },
  { stored: 12, bits: 8, codeBytes: 8, servedBytes: 5 },
];
const runOf = ({ stored, bits }: { stored: number; bits: number }) => join(folder, `${stored}-${bits}`);
let data: string;
beforeAll(async () => {
  data = await prepareToy(folder, { rows: 2600 });
  for (const run of runs)
    await train({ data, out: runOf(run), config: config(run.stored, run.bits), threads: 1 });
});
afterAll(() => rmSync(folder, { recursive: true }));

describe.each(runs)('$bits of $stored bits', (run) => {
  const k = run.stored - run.bits;
  const out = runOf(run);

  it('is served from the high bits and the step alone, in every bit', async () => {
    const { table: memory } = await openRun(out, 'last', 1);
    const table = new Table(memory, 0);
    const rows = allRows(table.rows);
    const [seen, stored] = [new Float32Array(rows.length * DIM), new Float32Array(rows.length * DIM)];
    const steps = new Float32Array(rows.length);
    table.touch(rows);
    table.read(rows, seen);
    table.readStored(rows, stored);
    table.readSteps(rows, steps);
    const [bytes] = [...readRecords(memory, Uint32Array.of(0, rows.length), 'codes')];
    expect(bytes.length).toBe(run.codeBytes * rows.length);
    const codes: number[] = new Array(DIM).fill(0);
    for (const row of rows) {
      unpackCodes(bytes, row * run.codeBytes, run.stored as 6 | 8 | 12, codes);
      for (const [j, code] of codes.entries()) {
        const u = code + 2 ** (run.stored - 1);
        const at = row * DIM + j;
        expect(seen[at]).toBe(Math.fround(steps[row] * ((u >> k) - 2 ** (run.bits - 1))));
        // The stored value lies at most half a step away.
        expect(Math.abs(stored[at] - seen[at])).toBeLessThanOrEqual(steps[row] * 0.50001);
      }
    }
    expect(new Set(stored).size).toBeGreaterThan(new Set(seen).size);
    expect(createMethod(config(run.stored, run.bits)).servedRowBytes).toBe(run.servedBytes + 4);
  });

  it('keeps all bits in the checkpoint, and says which are seen', async () => {
    const file = await SafetensorsReader.open(join(out, 'best.safetensors'));
    expect(file.metadata).toMatchObject({ bits: `${run.stored}`, servedBits: `${run.bits}` });
    expect(file.entry('embedding.codes').shape[1]).toBe(run.codeBytes);
    await file.close();
    const { json, text } = await inspectRun(out);
    expect(json).toMatchObject({ method: 'nested', bits: run.bits, storedBits: run.stored });
    expect(text).toContain(`nested, ${run.bits} bits (${run.stored} stored), stochastic rounding`);
  });

  it('scores the same in training, evaluation and an open model', async () => {
    const [{ validation, table }] = (await (await RunDirectory.open(out)).metrics()) as EpochRecord[];
    const { auc } = await evaluate({ run: out, data, split: 'validation', checkpoint: 'best', threads: 1 });
    expect(auc).toBe(validation?.auc);
    // Of seen codes: at 2 bits there are four, of which most are 0 after so few steps.
    expect(table?.zero).toBeGreaterThan(run.bits === 8 ? 0 : 0.3);
    expect(table?.erased).toBeGreaterThan(0);
    const model = await open(out);
    try {
      const { values, steps } = model.embeddings(model.schema.fields[0].name, [null]);
      const codes = values.map((value) => value / steps[0]);
      expect(codes.every((code) => Math.abs(code - Math.round(code)) < 1e-3)).toBe(true);
      expect(Math.max(...codes.map(Math.abs))).toBeLessThanOrEqual(2 ** (run.bits - 1));
    } finally {
      await model.close();
    }
  });
});

it('is another model where a high bit differs, and the same where a low one does', async () => {
  const { table, dense } = await openRun(runOf(runs[0]), 'last', 1);
  new Table(table, 0).touch(Uint32Array.of(3));
  const original = modelChecksum([table], dense);
  const bytes = new Uint8Array(table.memories[0].buffer);
  const code = table.plans[0].sections[0].records + 3 * table.spec.layout.recordBytes;
  bytes[code] ^= 1;
  expect(modelChecksum([table], dense)).toBe(original);
  bytes[code] ^= 1 ^ 16;
  expect(modelChecksum([table], dense)).not.toBe(original);
});

it('goes on (--from) with its stored bits, and with no others', async () => {
  const from = runOf(runs[0]);
  const next = join(folder, 'next');
  const { bestEpoch } = await train({ data, out: next, from, config: config(8, 4), threads: 1 });
  expect(bestEpoch).toBe(2);
  const wider = train({ data, out: join(folder, 'wider'), from, config: config(12, 4), threads: 1 });
  await expect(wider).rejects.toMatchObject({
    message: 'Codes are stored in 12 bits, but in the run in 8.',
    exitCode: 2,
  });
});

it.each([
  [8, 8, '(allowed: 2, 4)', '--bits 4 or --bits 2, or store more: --set nested.storedBits=12'],
  [8, 16, '(allowed: 2, 4)', '--bits 4 or --bits 2'],
  [6, 8, '(allowed: 2, 4)', '--bits 4 or --bits 2, or store more: --set nested.storedBits=12'],
  [12, 16, '(allowed: 2, 4, 8)', '--bits 8 or --bits 4 or --bits 2'],
])('refuses to store %i bits and serve %i', (stored, bits, allowed, help) => {
  expect(() => createMethod(config(stored, bits))).toThrow(
    expect.objectContaining({
      message: `The method 'nested' serves fewer bits than the ${stored} it stores, not ${bits} ${allowed}.`,
      help: `choose ${help}`,
      exitCode: 2,
    }),
  );
});
