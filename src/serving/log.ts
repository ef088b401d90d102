// The log: one JSON object a line on standard error, by pino. A log that cannot be written (a full disk, a reader that
// is gone) ends no server: its lines are lost, and their number is said when there is room again.
import { destination, type Logger, pino } from 'pino';
import type { LogLevel } from './log-levels.js';
import type { ModelSlot, SlotEvent } from './model-slot.js';

/** Lines that wait for a slow reader; beyond it they are lost. */
const WAITING_BYTES = 2 ** 20;

/** @returns the log, and what writes out the rest of it */
export function createLog(level: LogLevel, fd = 2): { log: Logger; flush(): void } {
  const out = destination({ fd, sync: false, maxLength: WAITING_BYTES });
  let lost = 0;
  out.on('error', () => lost++);
  out.on('drop', () => lost++);
  const log = pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      mixin: () => (lost > 0 ? { linesLost: lost } : {}),
    },
    out,
  );
  return {
    log,
    flush() {
      try {
        out.flushSync();
      } catch {
        // Nowhere to say it.
      }
    },
  };
}

/** Says what became of a model. */
export function logEvent(log: Logger, event: SlotEvent, { name, source: { path } }: ModelSlot): void {
  const about = { model: name, path };
  switch (event.kind) {
    case 'loaded':
    case 'replaced': {
      const { kind, ...facts } = event;
      log.info({ ...about, ...facts }, kind === 'loaded' ? 'model loaded' : 'model replaced');
      return;
    }
    case 'unchanged':
      log.info({ ...about, version: event.version }, 'model unchanged');
      return;
    case 'failed':
      log.error({ ...about, err: event.error }, 'model not replaced; the one before it answers');
      return;
    case 'worker-failure':
      log.error({ ...about, err: event.error }, 'worker died and was replaced');
      return;
    default:
      event satisfies never;
  }
}
