// How long trainings take before any has finished: each kind of variant trains on a few batches, and what that took
// is what its epochs will take. Nothing of it is kept.
import type { EncodedDataset } from '../data/encoded-dataset.js';
import type { Config } from '../runs/config.js';
import { readHotRows } from '../scoring/hot-rows.js';
import { Trainer } from '../training/trainer.js';
import { withSeed } from './cell-key.js';

/** Batches that are not timed: the first ones touch memory and warm the network up. */
const WARM_UP = 3;
/** What is timed of a kind: until both are reached, or the epoch is over. */
const TIMED_BATCHES = 8;
const TIMED_MS = 1000;

/** Variants that differ in nothing else take about the same time. */
function kindOf({ model, method, training }: Config): string {
  return JSON.stringify([model, method.name, training.batchSize, training.microBatch]);
}

/**
 * Seconds that the trainings of these configurations take together, one after the other, if each goes through all its
 * epochs. Those that do not train are over at once. Null where none does.
 */
export function calibrate(
  dataset: EncodedDataset,
  configs: readonly Config[],
  threads: number,
  signal?: AbortSignal,
): Promise<number | null> {
  return secondsOfAll(configs, (config) => secondsOfEpoch(dataset, config, threads, signal));
}

/** The same, by what an epoch of each kind takes; null for one that does not train. */
export async function secondsOfAll(
  configs: readonly Config[],
  secondsOfEpoch: (config: Config) => Promise<number | null>,
): Promise<number | null> {
  const kinds = new Map<string, number | null>();
  let total: number | null = null;
  for (const config of configs) {
    const kind = kindOf(config);
    const known = kinds.get(kind);
    const seconds = known === undefined ? await secondsOfEpoch(config) : known;
    kinds.set(kind, seconds);
    if (seconds !== null) total = (total ?? 0) + seconds * config.training.epochs;
  }
  return total;
}

/** Null where the configuration does not train: its cell will say why. */
async function secondsOfEpoch(
  dataset: EncodedDataset,
  config: Config,
  threads: number,
  signal: AbortSignal | undefined,
): Promise<number | null> {
  const enough = new AbortController();
  let batch = 0;
  let batches = 0;
  let began = performance.now();
  let ended = began;
  let trainer: Trainer | undefined;
  try {
    const hotRows = await readHotRows(config, dataset);
    trainer = new Trainer({ dataset, config: withSeed(config, 1), threads, hotRows });
    await trainer.trainEpoch(1, {
      signal: enough.signal,
      onProgress: (progress) => {
        batch++;
        batches = progress.batches;
        // The first batch's time counts where there are too few to leave it out.
        if (batch === Math.min(WARM_UP, Math.floor(batches / 2))) began = performance.now();
        ended = performance.now();
        const isEnough = batch >= WARM_UP + TIMED_BATCHES && ended - began >= TIMED_MS;
        if (isEnough || signal?.aborted) enough.abort();
      },
    });
  } catch {
    if (!enough.signal.aborted) return null;
  } finally {
    await trainer?.close();
  }
  signal?.throwIfAborted();
  const timed = batch - Math.min(WARM_UP, Math.floor(batches / 2));
  return timed > 0 ? ((ended - began) / timed / 1000) * batches : null;
}
