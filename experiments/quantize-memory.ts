// How much memory `bitrow quantize` takes: makes a .npy of 2 GB, quantizes it in a process of its own in each layout, and prints
// the largest resident size that the system saw. Ends with 1 where that is more than the limit.
//
//   node dist/experiments/quantize-memory.js [--gigabytes 2] [--dim 64] [--method minmax] [--limit-megabytes 400] [--folder DIR]
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { NpyWriter } from '../src/formats/npy-writer.js';
import { peakOfProgram } from './peak-of-program.js';

const { values } = parseArgs({
  options: {
    gigabytes: { type: 'string', default: '2' },
    dim: { type: 'string', default: '64' },
    method: { type: 'string', default: 'minmax' },
    'limit-megabytes': { type: 'string', default: '400' },
    folder: { type: 'string', default: tmpdir() },
  },
});
const dim = Number(values.dim);
const limitBytes = 1e6 * Number(values['limit-megabytes']);
const folder = mkdtempSync(join(values.folder, 'bitrow-quantize-'));
const megabytes = (bytes: number) => `${Math.round(bytes / 1e6).toLocaleString('en-US')} MB`;

try {
  const input = join(folder, 'table.npy');
  const rows = Math.ceil((1e9 * Number(values.gigabytes)) / 4 / dim);
  await writeTable(input, rows);
  console.log(
    `input ${megabytes(statSync(input).size)}, ${rows.toLocaleString('en-US')} rows of ${dim} values`,
  );
  for (const [layout, bits, extension] of [
    ['bitrow-rows', '8', 'safetensors'],
    ['bitrow-rows', '4', 'safetensors'],
    ['torch-rows', '4', 'npy'],
  ]) {
    const out = join(folder, `out.${extension}`);
    const began = performance.now();
    const program = await peakOfProgram([
      ...['quantize', input, '--out', out, '--method', values.method, '--bits', bits],
      ...['--layout', layout, '--force', '--json'],
    ]);
    const seconds = (performance.now() - began) / 1000;
    const { error } = JSON.parse(program.out) as { error?: string };
    if (error !== undefined) throw new Error(error);
    const isWithin = program.peakBytes <= limitBytes;
    console.log(
      `${values.method}, ${bits} bits, ${layout}: peak ${megabytes(program.peakBytes)}${isWithin ? '' : `, MORE than ${megabytes(limitBytes)}`}, ${seconds.toFixed(0)} s, ${Math.round(rows / seconds).toLocaleString('en-US')} rows/s, output ${megabytes(statSync(out).size)}`,
    );
    if (!isWithin) process.exitCode = 1;
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** Rows that are all different: one block of noise, to which each block adds its number. */
async function writeTable(path: string, rows: number): Promise<void> {
  const file = await NpyWriter.create(path, '<f4', [rows, dim]);
  const blockRows = Math.min(rows, 65_536);
  const noise = Float32Array.from({ length: blockRows * dim }, (_, i) => Math.sin(i * i) / 4);
  for (let first = 0; first < rows; first += blockRows) {
    for (let i = 0; i < noise.length; i++) noise[i] = noise[i] * 0.999 + 1e-4;
    await file.write(noise.subarray(0, Math.min(blockRows, rows - first) * dim));
  }
  await file.finish();
}
