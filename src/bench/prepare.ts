// `bitrow prepare flights`, stage by stage, beside DuckDB that only counts the values of the same vocabularies: what is to be
// known of the rows at the least. Both have the same threads and memory; the counts must be equal.
import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Manifest } from '../data/manifest.js';
import { type PrepareProgress, prepare as prepareData, stages } from '../data/prepare.js';
import { type Benchmark, type BenchmarkOptions, spread } from './benchmark.js';
import { countOnly, orderAndWriteOnly } from './prepare-floor.js';
import { rangeText } from './range-text.js';
import { type Elapsed, stopwatch } from './stopwatch.js';

const ROUNDS = 3;
const MEMORY_BYTES = 4e9;

const parts = ['whole', ...stages, 'count only', 'order and write only'] as const;
type Part = (typeof parts)[number];
type Times = Record<Part, Elapsed>;

export const prepare: Benchmark = {
  summary: 'preparing flights by stages, beside DuckDB only counting the same vocabularies',
  async run({ onProgress, signal }) {
    const threads = availableParallelism();
    const rounds: Times[] = [];
    let rows = 0;
    for (let round = 0; round < ROUNDS; round++) {
      signal.throwIfAborted();
      const directory = await mkdtemp(join(tmpdir(), 'bitrow-bench-'));
      try {
        const { manifest, times } = await prepareByStages(join(directory, 'flights'), threads, {
          onProgress,
          signal,
        });
        rows = manifest.input.reduce((sum, file) => sum + file.rows, 0);
        const options = { threads, memoryBytes: MEMORY_BYTES, directory };
        rounds.push({
          ...times,
          'count only': await countOnly(manifest, options),
          'order and write only': await orderAndWriteOnly(manifest, options),
        });
      } finally {
        await rm(directory, { recursive: true });
      }
      onProgress({ stage: 'prepare', done: round + 1, total: ROUNDS });
    }
    const of = (part: Part, unit: keyof Elapsed) => spread(rounds.map((times) => times[part][unit]));
    const ratio = (unit: keyof Elapsed) => of('whole', unit).median / of('count only', unit).median;
    const [ofDuckdb, ofDuckdbProcessor] = [ratio('seconds'), ratio('processorSeconds')];
    const seconds = of('whole', 'seconds');
    const text = [
      `flights, ${rows.toLocaleString('en-US')} rows, ${threads} threads: ${Math.round(rows / seconds.median).toLocaleString('en-US')} rows/s`,
      `${''.padEnd(22)}${'seconds'.padEnd(22)}of all processors`,
      ...parts.map((part) => {
        const elapsed = rangeText(of(part, 'seconds')).padEnd(22);
        return `${part.padEnd(22)}${elapsed}${rangeText(of(part, 'processorSeconds'))}`;
      }),
      `Preparing takes ${ofDuckdb.toFixed(2)} times as long as DuckDB that only counts (${ofDuckdbProcessor.toFixed(2)} times by time of all processors). The counts are equal.`,
    ].join('\n');
    const json = Object.fromEntries(
      parts.map((part) => [
        part,
        { seconds: of(part, 'seconds'), processorSeconds: of(part, 'processorSeconds') },
      ]),
    );
    return { text, json: { rows, threads, ofDuckdb, ofDuckdbProcessor, parts: json } };
  },
};

async function prepareByStages(
  out: string,
  threads: number,
  { onProgress, signal }: Pick<BenchmarkOptions, 'onProgress' | 'signal'>,
): Promise<{ manifest: Manifest; times: Record<'whole' | PrepareProgress['stage'], Elapsed> }> {
  const zero = () => ({ seconds: 0, processorSeconds: 0 });
  const times = { whole: zero(), read: zero(), count: zero(), encode: zero(), write: zero() };
  const whole = stopwatch();
  let stage: PrepareProgress['stage'] = 'read';
  let elapsed = stopwatch();
  const manifest = await prepareData({
    dataset: 'flights',
    out,
    threads,
    memoryBytes: MEMORY_BYTES,
    signal,
    onProgress: (progress) => {
      if (progress.stage !== stage) {
        times[stage] = elapsed();
        stage = progress.stage;
        elapsed = stopwatch();
      }
      onProgress({ ...progress, stage: `prepare, ${stage}` });
    },
  });
  times[stage] = elapsed();
  times.whole = whole();
  return { manifest, times };
}
