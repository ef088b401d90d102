// `bitrow export`: a run's model in a format that others read.
import { availableParallelism } from 'node:os';
import * as z from 'zod';
import { UserError } from '../errors.js';
import type { ExportReport } from '../exporting/export-run.js';
import { type OperatorSet, operatorSets } from '../exporting/exporter.js';
import { type ExportFormat, exporters, exportFormats } from '../exporting/registry.js';
import { quantizedBits, sides } from '../posttraining/quantizer.js';
import { quantizerNames } from '../posttraining/registry.js';
import { count } from '../reports/numbers.js';
import { type CheckpointName, checkpointNames } from '../runs/run-directory.js';
import type { CommandSpec, Result } from './command.js';
import { oneOf, threadCount } from './option-values.js';
import { createProgress } from './progress.js';
import { bytes } from './quantities.js';
import { costLines } from './quantization-cost.js';

const optionsSchema = z.object({
  format: z.enum(exportFormats),
  out: z.string(),
  operators: z.enum(operatorSets).optional(),
  quantize: z.enum(quantizerNames).optional(),
  bits: z.literal(quantizedBits).optional(),
  side: z.enum(sides).optional(),
  data: z.string().optional(),
  split: z.string().optional(),
  checkpoint: z.enum(checkpointNames),
  threads: z.number().optional(),
  force: z.boolean().optional(),
  ignoreLimits: z.boolean().optional(),
});

export const exportCommand: CommandSpec = {
  example: 'bitrow export runs/alpt-4 --format onnx --out alpt-4.onnx',
  declare(command) {
    command
      .argument('<run>', 'directory made by `bitrow train`')
      .requiredOption(
        '--format <name>',
        'what to write (below)',
        oneOf<ExportFormat>('--format', exportFormats),
      )
      .requiredOption('--out <path>', 'file to make, of a bundle the directory')
      .option(
        '--operators <set>',
        'of onnx, for codes of 4 and 2 bits: auto (GatherBlockQuantized of onnxruntime) or standard (of ONNX alone; default: auto)',
        oneOf<OperatorSet>('--operators', operatorSets),
      )
      .option(
        '--quantize <method>',
        'quantize the embeddings first, as `bitrow quantize` does',
        oneOf('--quantize', quantizerNames),
      )
      .option('--bits <n>', `of --quantize: ${quantizedBits.join(', ')}`, bitsOption)
      .option(
        '--side <type>',
        'of --quantize: fp32 or fp16 scales (default: fp32 at 8 bits, fp16 at 4 and 2)',
        oneOf('--side', sides),
      )
      .option(
        '--data <dir>',
        'the data set of the run: says what --quantize costs, and is what the ONNX model is compared on',
      )
      .option('--split <name>', 'of --data: train, validation or test (default: test)')
      .option(
        '--checkpoint <name>',
        'model of the best or the last epoch',
        oneOf<CheckpointName>('--checkpoint', checkpointNames),
        'best',
      )
      .option('--threads <n>', 'default: all processors', threadCount)
      .option('--force', 'replace what is already at --out')
      .option('--ignore-limits', 'go on even where memory seems too small')
      .addHelpText('after', `\nFormats:\n${formatLines()}`);
  },
  async run({ args, options, json, signal }) {
    const { threads = availableParallelism(), quantize, bits, side, ...given } = optionsSchema.parse(options);
    const run = args[0] ?? '';
    const quantization = quantizationOf(quantize, bits, side);
    const { exportRun } = await import('../exporting/export-run.js');
    const progress = createProgress(process.stderr, { json });
    const began = performance.now();
    const report = await exportRun({
      ...given,
      run,
      threads,
      quantize: quantization,
      signal,
      onProgress: progress.update,
    }).finally(progress.finish);
    return exportSummary(report, (performance.now() - began) / 1000);
  },
};

type Given = z.infer<typeof optionsSchema>;

function quantizationOf(method: Given['quantize'], bits: Given['bits'], side: Given['side']) {
  if (method === undefined) {
    if (bits === undefined && side === undefined) return undefined;
    throw new UserError(
      `The option --${bits === undefined ? 'side' : 'bits'} is of --quantize: a run has the bits it was trained with.`,
      'pass --quantize METHOD too, or leave it out',
      2,
    );
  }
  if (bits === undefined) {
    throw new UserError(`--quantize ${method} needs --bits (${quantizedBits.join(', ')}).`, undefined, 2);
  }
  return { method, bits, side };
}

function exportSummary(report: ExportReport, seconds: number): Result {
  const { out, format, run, checkpoint, epoch, parity, quantized, scores, files } = report;
  const lines = [
    `${run}: ${checkpoint} model (epoch ${epoch}) → ${files.join(' and ') || out} (${format}, ${bytes(report.bytes)}, ${seconds.toFixed(1)} s)`,
  ];
  if (quantized) {
    lines.push(
      `  quantized by ${quantized.method} to ${quantized.bits} bits, ${quantized.side} sides; error of the table ${quantized.tableError?.toPrecision(3) ?? 'undefined (all zero)'}`,
    );
  }
  if (parity) {
    const from = parity.from === 'drawn' ? 'drawn at random' : `of ${parity.from}`;
    lines.push(
      `  compared with the run on ${count(parity.rows)} rows ${from}, in onnxruntime ${parity.onnxruntime} at all ${parity.levels.length} optimization levels:`,
      `  ${count(parity.tableRows)} table rows equal in every bit, logits within ${parity.largestDifference.toPrecision(2)}`,
    );
  }
  return {
    text: [...lines, ...(scores ? costLines(scores) : [])].join('\n'),
    json: { ...report, seconds },
  };
}

function formatLines(): string {
  return Object.entries(exporters)
    .map(([name, { summary }]) => `  ${name.padEnd(14)}${summary}`)
    .join('\n');
}

function bitsOption(text: string): number {
  return Number(oneOf('--bits', quantizedBits.map(String))(text));
}
