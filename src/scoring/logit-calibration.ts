// From a run and its training examples to what quantizers know of how its model uses the table: second moments H of the
// logit's gradients (posttraining/calibration.ts). A vocabulary has one H, over all uses of its rows; its most frequent
// rows, which come first and which most predictions hang on, have one of their own as far as memory allows, drawn to the
// vocabulary's as by so many uses more, so that few uses do not mislead.
import type { EncodedDataset } from '../data/encoded-dataset.js';
import type { Calibration } from '../posttraining/calibration.js';
import { vocabularyOffsets } from './blueprint.js';
import { logitGradients } from './logit-gradients.js';
import type { OpenedRun } from './open-run.js';

/** What to calibrate on. */
export interface CalibrationOptions {
  dataset: EncodedDataset;
  /** Default: train, which the model has seen. Never the split that the result is judged by. */
  split?: string | undefined;
  /** Examples, by default 65,536 or all that there are. */
  examples?: number | undefined;
  /** Bytes for the moments that rows have of their own; default 64 MB, and 0 is none. */
  ownBytes?: number | undefined;
  onProgress?: ((progress: { done: number; total: number }) => void) | undefined;
  signal?: AbortSignal | undefined;
}

const EXAMPLES = 2 ** 16;
const OWN_BYTES = 64e6;
/** Uses that a vocabulary's moment counts as beside a row's own. */
const PRIOR_USES = 32;

/**
 * Looks at how the logit of a run's examples moves with its rows.
 *
 * @throws UserError when the split does not exist, the data is not the run's, or its method has rows of pairs
 */
export async function calibrateLogit(run: OpenedRun, options: CalibrationOptions): Promise<Calibration> {
  const { dataset, split = 'train', examples = EXAMPLES, signal } = options;
  const { dim } = run.table.spec;
  const moments = new Moments(
    dim,
    vocabularyOffsets(run.directory.run.dataset),
    options.ownBytes ?? OWN_BYTES,
  );
  for await (const block of logitGradients(run, { dataset, split, examples, signal })) {
    for (let use = 0; use < block.rows.length; use++) {
      moments.add(block.rows[use], block.gradients.subarray(use * dim, (use + 1) * dim));
    }
    options.onProgress?.({ done: block.done, total: block.total });
  }
  return moments.calibration();
}

/** Sums of g gᵀ, and their numbers. */
export class Moments {
  private readonly ofVocabularies: Float64Array; // (vocabularies, D, D)
  private readonly vocabularyUses: Float64Array; // (vocabularies)
  private readonly ofRows: Float32Array; // (vocabularies, own rows, D, D)
  private readonly rowUses: Float64Array; // (vocabularies, own rows)
  private readonly ownRows: number;

  /** @param offsets first row of each vocabulary, then V */
  constructor(
    private readonly dim: number,
    private readonly offsets: readonly number[],
    ownBytes: number,
  ) {
    const vocabularies = offsets.length - 1;
    const largest = offsets.slice(1).reduce((most, end, i) => Math.max(most, end - offsets[i]), 0);
    this.ownRows = Math.min(largest, Math.floor(ownBytes / (4 * dim * dim * vocabularies)));
    this.ofVocabularies = new Float64Array(vocabularies * dim * dim);
    this.vocabularyUses = new Float64Array(vocabularies);
    this.ofRows = new Float32Array(vocabularies * this.ownRows * dim * dim);
    this.rowUses = new Float64Array(vocabularies * this.ownRows);
  }

  /** One use of a row, with the logit's gradient (D) by it. */
  add(row: number, gradient: Float32Array): void {
    const vocabulary = this.vocabularyOf(row);
    this.vocabularyUses[vocabulary]++;
    this.addSquare(this.ofVocabularies, vocabulary, gradient);
    const own = this.ownOf(row, vocabulary);
    if (own < 0) return;
    this.rowUses[own]++;
    this.addSquare(this.ofRows, own, gradient);
  }

  calibration(): Calibration {
    const { dim } = this;
    const size = dim * dim;
    const shared = Array.from(this.vocabularyUses, (uses, vocabulary) =>
      this.ofVocabularies
        .subarray(vocabulary * size, (vocabulary + 1) * size)
        .map((sum) => (uses > 0 ? sum / uses : 0)),
    );
    return {
      dim,
      moment: (row) => {
        const vocabulary = this.vocabularyOf(row);
        const own = this.ownOf(row, vocabulary);
        const uses = own < 0 ? 0 : this.rowUses[own];
        if (uses === 0) return shared[vocabulary];
        return shared[vocabulary].map(
          (prior, i) => (this.ofRows[own * size + i] + PRIOR_USES * prior) / (uses + PRIOR_USES),
        );
      },
    };
  }

  private vocabularyOf(row: number): number {
    const { offsets } = this;
    let [low, high] = [0, offsets.length - 1];
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (offsets[middle] <= row) low = middle;
      else high = middle;
    }
    return low;
  }

  /** Where a row's own moment is, or −1. */
  private ownOf(row: number, vocabulary: number): number {
    const id = row - this.offsets[vocabulary];
    return id < this.ownRows ? vocabulary * this.ownRows + id : -1;
  }

  private addSquare(sums: Float64Array | Float32Array, index: number, gradient: Float32Array): void {
    const { dim } = this;
    const at = index * dim * dim;
    for (let i = 0; i < dim; i++) {
      for (let j = 0; j < dim; j++) sums[at + i * dim + j] += gradient[i] * gradient[j];
    }
  }
}
