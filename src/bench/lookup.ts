// The dequantizing lookup: bags of eight random rows of a table, each pooled to one vector of fp32. Every sum must be the
// reference's in every bit, and PyTorch's nearly, before anything is timed.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { type Benchmark, type BenchmarkOptions, type Spread, spread } from './benchmark.js';
import { fillGaussian } from './gaussian-rows.js';
import { type LookupTable, lookupTables } from './lookup-tables.js';
import { startTorch, type TorchPeer } from './torch-peer.js';

const DIM = 64;
const ROWS = 400_000;
const BAGS = 1000;
const EACH = 8;
const ROUNDS = 40;

interface Timed {
  table: LookupTable;
  ours: number[];
  theirs: number[];
}

export const lookup: Benchmark = {
  summary: 'the dequantizing lookup: ns and GB/s a row, beside PyTorch where it has one',
  async run(options) {
    const directory = await mkdtemp(join(tmpdir(), 'bitrow-bench-'));
    const values = new Float32Array(ROWS * DIM);
    fillGaussian(values);
    const file = join(directory, 'table.f32');
    await writeFile(file, new Uint8Array(values.buffer));
    const torch = await startTorch(options.python, file, ROWS, DIM);
    const isThere = typeof torch !== 'string';
    try {
      const timed = await measure(values, isThere ? torch : undefined, directory, options);
      return report(timed, isThere ? `PyTorch ${torch.version}` : null, isThere ? '' : torch);
    } finally {
      if (isThere) torch.close();
      await rm(directory, { recursive: true });
    }
  },
};

/** Verifies, then lets all take turns: other rows in every round. */
async function measure(
  values: Float32Array,
  torch: TorchPeer | undefined,
  directory: string,
  { onProgress, signal }: BenchmarkOptions,
): Promise<Timed[]> {
  const timed = (await lookupTables(values, DIM, BAGS, EACH)).map(
    (table): Timed => ({ table, ours: [], theirs: [] }),
  );
  const ids = join(directory, 'ids.i32');
  for (let round = 0; round <= ROUNDS; round++) {
    const rows = randomIds(round + 1);
    await writeFile(ids, new Uint8Array(rows.buffer));
    for (const { table, ours, theirs } of timed) {
      signal.throwIfAborted();
      // The peer begins a turn having slept, which a busy machine rewards.
      await setTimeout(2);
      const nanoseconds = (table.run(rows) * 1e6) / rows.length;
      const request = { do: 'lookup', bits: table.bits, ids, bags: BAGS, each: EACH } as const;
      const hasPeer = torch !== undefined && table.isTorchs;
      if (round === 0) {
        table.verify(rows);
        if (!hasPeer) continue;
        const store = join(directory, 'sums.f32');
        await torch.run({ ...request, store });
        verifyClose(table, new Float32Array((await readFile(store)).buffer.slice(0)));
        continue;
      }
      ours.push(nanoseconds);
      if (hasPeer) theirs.push(((await torch.run(request)) * 1e9) / rows.length);
    }
    onProgress({ stage: 'lookup', done: round, total: ROUNDS });
  }
  return timed;
}

function randomIds(seed: number): Int32Array {
  let random = seed;
  return Int32Array.from({ length: BAGS * EACH }, () => {
    random = (Math.imul(random, 1664525) + 1013904223) | 0;
    return Math.floor(((random >>> 0) / 2 ** 32) * ROWS);
  });
}

/** PyTorch adds products to sums by fused operations, in fp32: of eight values around 1, 1e-5 is many roundings. */
function verifyClose(table: LookupTable, theirs: Float32Array): void {
  const at = table.sums.findIndex((sum, i) => !(Math.abs(sum - theirs[i]) <= 1e-5));
  if (at < 0) return;
  throw new Error(`${table.name}: a sum is ${table.sums[at]}, PyTorch's ${theirs[at]}.`);
}

function report(timed: readonly Timed[], torch: string | null, reason: string) {
  const rows = timed.map(({ table: { name, bits, rowBytes }, ours, theirs }) => {
    const time = spread(ours);
    return {
      rows: name,
      bits,
      rowBytes,
      nsPerRow: time,
      gigabytesPerSecond: rowBytes / time.median,
      torchNsPerRow: theirs.length > 0 ? spread(theirs) : null,
      ofTorch: theirs.length > 0 ? spread(theirs.map((their, i) => their / ours[i])) : null,
    };
  });
  const cell = (value: Spread | null) => (value ? value.median.toFixed(1) : '–');
  const text = [
    `D = ${DIM}, ${ROWS.toLocaleString('en-US')} rows, bags of ${EACH} at random, one thread`,
    'rows                      bytes   ns/row (quartiles)        GB/s    PyTorch ns/row    times as fast',
    ...rows.map(
      (row) =>
        `${row.rows.padEnd(24)}${String(row.rowBytes).padStart(7)}${range(row.nsPerRow).padStart(21)}${row.gigabytesPerSecond.toFixed(2).padStart(12)}${cell(row.torchNsPerRow).padStart(18)}${cell(row.ofTorch).padStart(17)}`,
    ),
    torch
      ? `${torch} takes turns with us on one thread.`
      : `PyTorch is left out: ${reason}; --python names another.`,
    'GB/s: the bytes of a row: codes, scale and bias, or codes and codebook.',
  ].join('\n');
  return { text, json: { torch, dim: DIM, tableRows: ROWS, bags: BAGS, each: EACH, rows } };
}

function range({ median, low, high }: Spread): string {
  return `${median.toFixed(1)} (${low.toFixed(1)}–${high.toFixed(1)})`;
}
