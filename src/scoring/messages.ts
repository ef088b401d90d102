// What the main thread asks of a scoring team. A training team answers these too.
import type { BatchSlots, SlottedBatch } from './batch-slots.js';
import type { Scorer } from './scorer.js';

/** Take this scoring graph (ONNX); score this batch, its logits into its slot. */
export type ScoringMessage = { kind: 'load'; model: Uint8Array } | { kind: 'score'; batch: SlottedBatch };

/** One thread's answer. */
export async function answerScoring(
  scorer: Scorer,
  slots: BatchSlots,
  message: ScoringMessage,
): Promise<void> {
  switch (message.kind) {
    case 'load':
      return scorer.load(message.model);
    case 'score':
      await scorer.score(slots.arrays(message.batch), slots.take(message.batch));
      return;
    default:
      message satisfies never;
  }
}
