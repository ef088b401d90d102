// Writes a bundle: the directory that an open model needs and nothing else.
import type { RowSource } from '../posttraining/quantizer.js';
import type { CheckpointName } from '../runs/run-directory.js';
import type { OpenedRun } from '../scoring/open-run.js';

export interface BundleOptions {
  /** Which of the run's models was opened; default: best. */
  checkpoint?: CheckpointName | undefined;
  /** Rows in place of those of the run's embeddings: a QuantizedTable goes in as it is packed, others as fp32 values. */
  source?: RowSource | undefined;
  /** Replace a bundle that is at `out`. */
  force?: boolean | undefined;
  onProgress?: ((progress: { done: number; total: number }) => void) | undefined;
  signal?: AbortSignal | undefined;
}

/** What was written. */
export interface WrittenBundle {
  bytes: number;
  files: number;
}

/** Writes the model of a run as a bundle. */
export async function writeBundle(
  _run: OpenedRun,
  _out: string,
  _options: BundleOptions = {},
): Promise<WrittenBundle> {
  throw new Error('Bundles are not written yet.');
}
