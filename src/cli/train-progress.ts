// What is seen while a run trains: a bar per epoch with loss, rate, time left and bytes of the table, one line
// after each epoch, and warnings.

import { count } from '../reports/numbers.js';
import type { EpochRecord } from '../training/epochs.js';
import type { TrainEvent } from '../training/events.js';
import { createProgress, type ProgressTarget } from './progress.js';
import { bytes, metric, share } from './quantities.js';

/** A listener for `train`. `finish` clears the line of a terminal. */
export function trainProgress(
  target: ProgressTarget,
  json: boolean,
): { onProgress(event: TrainEvent): void; finish(): void } {
  const progress = createProgress(target, { json, plainMs: 10_000 });
  let rows = 0;
  return {
    onProgress(event) {
      switch (event.kind) {
        case 'start': {
          rows = event.rows;
          const { memory, fp32Bytes, threads } = event;
          const team = `${threads} thread${threads === 1 ? '' : 's'}`;
          const table = `table ${bytes(memory.table + memory.step)}`;
          progress.line(`${count(rows)} rows, ${team}, ${table} of ${bytes(memory.total)} to allocate`);
          const trained = memory.table + memory.step + memory.optimizer;
          const part = trained === fp32Bytes ? '' : `${share(trained, fp32Bytes)} of `;
          progress.line(`table with optimizer ${bytes(trained)}: ${part}fp32 with Adam`);
          break;
        }
        case 'resume': {
          const { epoch, step, from } = event;
          const where = `epoch ${epoch}, ${count(step)} steps done`;
          progress.line(from === null ? `resumed in ${where}` : `continues '${from}': ${where}`);
          break;
        }
        case 'checkpoint': {
          const { epoch, step, bytes: size, seconds } = event;
          progress.line(
            `checkpoint of epoch ${epoch}, step ${count(step)}: ${bytes(size)} in ${seconds.toFixed(1)} s`,
          );
          break;
        }
        case 'batch': {
          const { epoch, epochs, done, batches, loss, tableBytes } = event;
          progress.update({
            stage: `epoch ${epoch}/${epochs}`,
            done: (done / batches) * rows,
            total: rows,
            unit: 'samples',
            details: [`loss ${loss.toFixed(4)}`, `table ${bytes(tableBytes)}`],
          });
          break;
        }
        case 'epoch':
          progress.line(epochLine(event));
          break;
        case 'warning':
          progress.warn(`warning: ${event.message}`);
          break;
        default:
          event satisfies never;
      }
    },
    finish: progress.finish,
  };
}

/** `epoch 1  loss 0.4521  validation AUC 0.7812  logloss 0.4433  39,000 samples/s`, within 80 columns. */
export function epochLine({ epoch, trainLoss, validation, samplesPerSecond }: EpochRecord): string {
  const judged = validation
    ? [`validation AUC ${metric(validation.auc, 4)}`, `logloss ${metric(validation.logloss, 4)}`]
    : [];
  return [
    `epoch ${epoch}`,
    `loss ${trainLoss.toFixed(4)}`,
    ...judged,
    `${count(samplesPerSecond)} samples/s`,
  ].join('  ');
}
