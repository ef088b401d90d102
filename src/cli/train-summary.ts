// What `bitrow train` says at its end: the best epoch, what memory was held for what, how that compares to fp32,
// and the command to type next.

import { count } from '../reports/numbers.js';
import type { Run } from '../runs/run-directory.js';
import type { MemoryReport } from '../training/memory.js';
import type { TrainResult } from '../training/train.js';
import type { Result } from './command.js';
import { bytes, duration, metric, share, times } from './quantities.js';

const parts = ['table', 'step', 'optimizer', 'buffers', 'total'] as const satisfies (keyof MemoryReport)[];

/** The summary of a run over data in `data`; `dim` is D. */
export function trainSummary(
  result: TrainResult,
  { dataset }: Pick<Run, 'dataset'>,
  dim: number,
  data: string,
): Result {
  const { bestEpoch, validation, samplesPerSecond, seconds, run } = result;
  const { predicted, allocated, peakRss } = result.memory;
  const rows = dataset.vocabularySizes.reduce((sum, size) => sum + size, 0);
  const judged =
    validation.logloss === null
      ? 'no validation split'
      : `validation AUC ${metric(validation.auc, 5)}, logloss ${metric(validation.logloss, 5)}`;
  const text = [
    `Best epoch ${bestEpoch}: ${judged}`,
    `${count(samplesPerSecond)} samples/s, ${duration(seconds)} in all`,
    checkpointLine(result),
    '',
    ...allocatedLines(predicted, allocated),
    memoryLine('peak', bytes(peakRss), 'of the whole process, with Node.js and onnxruntime'),
    '',
    ...comparison(allocated, rows, dim),
    '',
    `Next: bitrow evaluate ${shellWord(run)} --data ${shellWord(data)}`,
  ].join('\n');
  return { text, json: { ...result } };
}

/** What checkpoints cost. */
function checkpointLine({ checkpoints, seconds }: TrainResult): string {
  const { count: number, bytes: size, seconds: cost } = checkpoints;
  if (number === 0) return 'No checkpoint was due';
  const share = seconds > 0 ? (100 * cost) / seconds : 0;
  const each =
    number === 1 ? `1 checkpoint of ${bytes(size)}` : `${number} checkpoints of ${bytes(size)} each`;
  return `${each}, ${cost.toFixed(1)} s in all (${share.toFixed(1)} % of the time)`;
}

const explanations = {
  table: 'codes or fp32 values of all rows',
  step: 'one per row where steps are learned',
  optimizer: 'state of rows and steps',
  buffers: 'batches, gradients, the dense network, scratch',
  total: '',
} as const satisfies Record<(typeof parts)[number], string>;

/** A title, and a line for each part, with what it is or what `notes` says of it. */
export function memoryLines(
  title: string,
  memory: MemoryReport,
  notes: Readonly<Record<(typeof parts)[number], string>> = explanations,
): string[] {
  const { firstOrder } = memory;
  return [
    title,
    ...parts.map((part) => memoryLine(part, bytes(memory[part]), notes[part])),
    ...(firstOrder
      ? [
          `  of table and optimizer, first-order weights in fp32: ${bytes(firstOrder.table)} and ${bytes(firstOrder.optimizer)}`,
        ]
      : []),
  ];
}

function allocatedLines(predicted: MemoryReport, allocated: MemoryReport): string[] {
  if (parts.every((part) => predicted[part] === allocated[part])) {
    return memoryLines('Memory, allocated as predicted', allocated);
  }
  const notes: Record<(typeof parts)[number], string> = { ...explanations };
  for (const part of parts) notes[part] = bytes(predicted[part]);
  return memoryLines('Memory allocated, and as it was predicted', allocated, notes);
}

export function memoryLine(name: string, amount: string, explanation: string): string {
  return `  ${name.padEnd(10)}${amount.padStart(10)}   ${explanation}`.trimEnd();
}

/** Against the same rows in fp32 with Adam's two fp32 moments; first-order weights are one value more in each row. */
export function comparison(
  { table, step, optimizer, firstOrder }: MemoryReport,
  rows: number,
  dim: number,
): string[] {
  const values = 4 * rows * (dim + (firstOrder ? 1 : 0));
  const stored = table + step;
  const trained = stored + optimizer;
  const size = `${count(rows)} rows of ${firstOrder ? `${dim} + 1` : dim}: table and step ${bytes(stored)}`;
  // Steps beside fp32 values are hardly anything.
  if (stored >= values && trained >= 3 * values) {
    return [`${size}, with optimizer ${bytes(trained)}: fp32 with fp32 Adam`];
  }
  return [
    `${size}, ${times(values, stored)} smaller than fp32 (${bytes(values)})`,
    `with optimizer ${bytes(trained)}: ${share(trained, 3 * values)} of fp32 with fp32 Adam (${bytes(3 * values)})`,
  ];
}

/** As it has to be typed. */
export function shellWord(text: string): string {
  return /^[\w./~+,:@%-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
