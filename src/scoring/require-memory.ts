// Refuses to open a model that has no room in memory, before its table is allocated. Pages of a table are taken as rows
// are loaded, so without it the process would be ended halfway.
import { planShards } from '../embedding/shard.js';
import { UserError } from '../errors.js';
import { PAGE_BYTES } from '../kernels/pages.js';
import { freeMemory } from '../machine/free-memory.js';
import { sizeText } from '../machine/size-text.js';
import type { Model } from '../models/model.js';
import type { Config } from '../runs/config.js';
import { slotsBytes } from './batch-slots.js';
import { batchShape, createModel, type DatasetShape, embeddingSpec, firstOrderSpec } from './blueprint.js';
import { mostMicroRows } from './micro-rows.js';
import { processBytes } from './process-bytes.js';
import { scorerStagingBytes } from './scorer.js';

/** How a model is to be opened, as far as memory is concerned. */
export interface ScoringSize {
  /** Rows that are scored together; 0: none. */
  batchRows?: number;
  /** What else will be held: vocabularies, counts, rows. */
  otherBytes?: number;
  /** What is free for this process, its own included; by default the system is asked. */
  memory?: number | undefined;
  /** Goes on all the same. */
  ignoreLimits?: boolean | undefined;
}

/** @throws UserError with what is needed and what is free */
export function requireScoringMemory(
  path: string,
  config: Config,
  dataset: DatasetShape,
  threads: number,
  /** `tableBytes`: of tables that are not as training has them. */
  {
    batchRows = 0,
    otherBytes = 0,
    memory,
    ignoreLimits = false,
    tableBytes,
  }: ScoringSize & { tableBytes?: number | undefined },
): void {
  if (ignoreLimits) return;
  const model = createModel(config, dataset, 'training');
  const table = tableBytes ?? shardBytes(config, dataset, threads, model);
  // Bags may have more ids: what they add is less than what an estimate is wrong by.
  const shape = batchShape(dataset, { batchRows: Math.max(1, batchRows), bagIds: null });
  const staging = scorerStagingBytes(shape, config.model.dim, model.firstOrder !== null);
  const batches = slotsBytes(shape) + threads * staging;
  const beside = processBytes({
    threads,
    model,
    microRows: mostMicroRows(shape),
    windowBytes: 0,
  });
  const needed = table + batches + otherBytes + beside;
  const free = memory ?? freeMemory() + process.memoryUsage.rss();
  if (needed <= free) return;
  const other = otherBytes > 0 ? `, vocabularies and rows ${sizeText(otherBytes)}` : '';
  throw new UserError(
    `The model '${path}' needs ${sizeText(needed)} of memory and ${sizeText(free)} are free: table ${sizeText(table)}, batches ${sizeText(batches)}${other}, and about ${sizeText(beside)} for Node.js and onnxruntime.`,
    'end other programs, use a machine with more memory, or pass --ignore-limits (ignoreLimits: true) to go on all the same',
  );
}

/** Bytes of tables as training has them. */
function shardBytes(config: Config, dataset: DatasetShape, threads: number, model: Model): number {
  const options = { threads, isTraining: false };
  const weights = firstOrderSpec(config, dataset, model, options);
  const specs = [embeddingSpec(config, dataset, options), ...(weights ? [weights] : [])];
  return specs.flatMap(planShards).reduce((sum, { pages }) => sum + pages * PAGE_BYTES, 0);
}
