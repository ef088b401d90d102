// What `bitrow train --dry-run` says: memory by parts, beside fp32 with Adam, room on the disk, and what is free.
import { count } from '../reports/numbers.js';
import type { TrainingPlan } from '../training/plan-training.js';
import { memoryNeeded } from '../training/training-memory.js';
import type { Result } from './command.js';
import { bytes } from './quantities.js';
import { comparison, memoryLine, memoryLines } from './train-summary.js';

/** The text, and the same as an object. */
export function trainPlan(plan: TrainingPlan): Result {
  const { needs, room, rows, dim, threads, problem } = plan;
  const { memory, disk } = needs;
  const text = [
    ...memoryLines('Memory to allocate', memory),
    memoryLine(
      'process',
      bytes(needs.process),
      'beside it, estimated: Node.js, onnxruntime, rows read ahead',
    ),
    '',
    ...comparison(memory, rows, dim),
    '',
    `Disk: up to ${bytes(disk.total)}, for checkpoints of ${bytes(disk.checkpoint)} and the best model of ${bytes(disk.best)}`,
    `Needed with ${threads} thread${threads === 1 ? '' : 's'}: ${bytes(memoryNeeded(needs))} of memory; free: ${bytes(room.memory)}, and ${bytes(room.disk)} of disk`,
    problem === null
      ? `${count(rows)} rows fit. Nothing was trained.`
      : `It does not fit. ${problem.error}${problem.help === undefined ? '' : `\nhelp: ${problem.help}`}`,
  ].join('\n');
  return { text, json: { ...plan } };
}
