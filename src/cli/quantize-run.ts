// `bitrow quantize RUN`: the table of a run, and with --data what it costs.
import { UserError } from '../errors.js';
import type { Invocation, Result } from './command.js';
import { createProgress } from './progress.js';
import { costLines } from './quantization-cost.js';
import type { QuantizeOptions } from './quantize.js';
import { quantizeSummary } from './quantize-summary.js';

/** Quantizes the table of a run. */
export async function quantizeRun(
  run: string,
  { tensor, ...given }: QuantizeOptions,
  { json, signal }: Pick<Invocation, 'json' | 'signal'>,
): Promise<Result> {
  if (tensor) {
    throw new UserError(
      `The option --tensor is for .safetensors files: '${run}' is a run, which has one table to quantize.`,
      undefined,
      2,
    );
  }
  if (given.data === undefined && given.split !== undefined) {
    throw new UserError(
      'The option --split is for scoring the run: there is nothing to score it on.',
      'pass --data DIR, the data set that the run was trained on',
      2,
    );
  }
  const library = await import('../scoring/quantize-run.js');
  const progress = createProgress(process.stderr, { json });
  const { scores, epoch, checkpoint, seconds, ...report } = await library
    .quantizeRun({ ...given, run, signal, onProgress: progress.update })
    .finally(progress.finish);
  const summary = quantizeSummary(run, report, seconds);
  return {
    text: [summary.text, ...(scores ? costLines(scores) : [])].join('\n'),
    json: { ...summary.json, checkpoint, epoch, scores },
  };
}
