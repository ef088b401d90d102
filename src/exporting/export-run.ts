// `export`: a run's model in a format that others read. What is written is there whole or not at all.
import { rm } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { extname } from 'node:path';
import { requireFree } from '../data/output-directory.js';
import { requireFreeFile } from '../data/output-file.js';
import { UserError } from '../errors.js';
import { MOST_MODEL_BYTES } from '../graph/onnx-file.js';
import type { CheckpointName } from '../runs/run-directory.js';
import { BUNDLE_FILE } from '../scoring/bundle/bundle-file.js';
import { checkThreads } from '../team/team.js';
import { writeFilesAside } from './aside.js';
import {
  exportSubject,
  type QuantizationReport,
  type QuantizeAtExport,
  type QuantizingCost,
} from './export-subject.js';
import type { Exported, Exporter, ExportProgress, OperatorSet } from './exporter.js';
import { type ExportFormat, exporters } from './registry.js';

export interface ExportOptions {
  /** Directory of a run. */
  run: string;
  format: ExportFormat;
  /** File, or of a bundle directory, to make. */
  out: string;
  /** Model of the best epoch (default) or of the last one. */
  checkpoint?: CheckpointName | undefined;
  /** Of an ONNX model: `standard` operators alone, or those of onnxruntime too (`auto`, default). */
  operators?: OperatorSet | undefined;
  /** What the embeddings are replaced by. */
  quantize?: QuantizeAtExport | undefined;
  /** Directory of the data set the run was trained on: what quantizing costs on it, and the rows that logits are compared on. */
  data?: string | undefined;
  /** Of it. Default: test. */
  split?: string | undefined;
  /** Default: all processors. No result depends on it. */
  threads?: number | undefined;
  /** Replace what is at `out`. */
  force?: boolean | undefined;
  /** Bytes that are free for this process, its own included; by default the system is asked. */
  memory?: number | undefined;
  /** Goes on even where memory seems too small. */
  ignoreLimits?: boolean | undefined;
  /** The most bytes of an ONNX model in one file; 2 GiB is what the format has. */
  mostModelBytes?: number | undefined;
  onProgress?: ((progress: ExportProgress) => void) | undefined;
  signal?: AbortSignal | undefined;
}

export interface ExportReport extends Exported {
  readonly out: string;
  readonly format: ExportFormat;
  readonly run: string;
  readonly checkpoint: CheckpointName;
  readonly epoch: number;
  readonly fingerprint: string;
  readonly quantized: QuantizationReport | null;
  /** What quantizing costs; null without data, or where nothing was quantized. */
  readonly scores: QuantizingCost | null;
}

/**
 * Exports a run.
 *
 * @throws UserError when there is no such run, its data or room for it; for an output that is there, or a model that the format
 * cannot hold; and where an ONNX model does not give what the run gives: nothing is written then
 * @example
 * await exportRun({ run: 'runs/alpt-4', format: 'onnx', out: 'alpt-4.onnx' });
 */
export async function exportRun(options: ExportOptions): Promise<ExportReport> {
  const { run: path, format, out, checkpoint = 'best', signal } = options;
  const { threads = availableParallelism(), onProgress = () => {} } = options;
  const exporter: Exporter = exporters[format];
  checkThreads(threads);
  requireOutput(exporter, options);
  const { subject, quantized, scores } = await exportSubject({ ...options, checkpoint, threads, onProgress });
  exporter.check(subject, out);
  const { operators = 'auto', mostModelBytes = MOST_MODEL_BYTES, force = false } = options;
  const settings = { operators, mostModelBytes, force, threads, onProgress, signal };
  const cost = await scores();
  const exported =
    exporter.output === 'directory'
      ? await exporter.write(subject, out, settings)
      : await writeFilesAside(out, (temporary) => exporter.write(subject, temporary, settings));
  // What a model that was replaced had beside it, and this one does not.
  for (const file of exporter.beside?.(out) ?? []) {
    if (!exported.files.includes(file)) await rm(file, { force: true });
  }
  const { metadata, directory } = subject.run;
  return {
    ...exported,
    ...{ out, format, run: path, checkpoint },
    epoch: Number(metadata.epoch),
    fingerprint: directory.run.dataset.fingerprint,
    quantized,
    scores: cost,
  };
}

/** @throws UserError for options that do not go together, or a place that is taken */
function requireOutput(
  exporter: Exporter,
  { format, out, force = false, data, split, operators }: ExportOptions,
): void {
  if (split !== undefined && data === undefined) {
    throw new UserError('The option --split is of the data set: there is none.', 'pass --data DIR', 2);
  }
  if (operators !== undefined && !exporter.hasOperators) {
    throw new UserError(
      `The option --operators is for ONNX models, not for the format ${format}.`,
      undefined,
      2,
    );
  }
  if (exporter.output === 'directory') {
    requireFree(out, BUNDLE_FILE, force);
    return;
  }
  if (!exporter.output.includes(extname(out).toLowerCase())) {
    throw new UserError(
      `The output '${out}' must end in ${exporter.output.join(' or ')} for the format ${format}.`,
      undefined,
      2,
    );
  }
  for (const file of [out, ...(exporter.beside?.(out) ?? [])]) requireFreeFile(file, force);
}
