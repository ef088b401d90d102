// What the main thread asks of a scoring team. A training team answers these too.
import type { PlannedBatch } from './exchange.js';
import type { Scorer } from './scorer.js';

/** Take this scoring graph (ONNX); score this batch, its logits into its slot. */
export type ScoringMessage = { kind: 'load'; model: Uint8Array } | { kind: 'score'; batch: PlannedBatch };

/** One thread's answer. */
export async function answerScoring(scorer: Scorer, message: ScoringMessage): Promise<void> {
  switch (message.kind) {
    case 'load':
      return scorer.load(message.model);
    case 'score':
      return scorer.score(message.batch);
    default:
      message satisfies never;
  }
}
