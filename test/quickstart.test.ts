import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { quickstart } from '../scripts/quickstart.js';

const folder = mkdtempSync(join(tmpdir(), 'bitrow-quickstart-'));
afterAll(() => rmSync(folder, { recursive: true }));

it('the quick start compares fp32 and 8-bit tables and the preset, and prepares its data once', async () => {
  const printed: string[] = [];
  const options = {
    rows: 10_000,
    threads: 1,
    data: join(folder, 'flights'),
    runs: join(folder, 'runs'),
    target: { write: (text: string) => printed.push(text) },
  };
  const [full, alpt, small] = await quickstart(options);
  expect(full.result.memory.allocated.table / alpt.result.memory.allocated.table).toBe(4);
  // 20 bytes a row with its optimizer, where Adam's fp32 rows take 192.
  const bytes = ({ result: { memory } }: typeof full) =>
    memory.allocated.table + memory.allocated.step + memory.allocated.optimizer;
  expect(bytes(full) / bytes(small)).toBe(192 / 20);
  expect(full.test.rows).toBe(1000);
  const text = printed.join('');
  expect(text).toMatch(/test AUC +0\.\d{5} +0\.\d{5} +0\.\d{5}\n/);
  expect(text).toMatch(/3\.2× smaller/);
  expect(text).toMatch(/memorise/);

  printed.length = 0;
  await quickstart(options);
  expect(printed[0]).toMatch(/is there already/);
  await expect(quickstart({ ...options, rows: 5_000 })).rejects.toThrow(/prepared with other settings/);
});
