// The log: one JSON object a line on standard error, by pino. It says how many lines were lost before, if any.
import { type Logger, pino } from 'pino';
import type { LogLevel } from './log-levels.js';
import { LogSink } from './log-sink.js';
import type { ModelSlot, SlotEvent } from './model-slot.js';

/** @returns the log, and what writes out the rest of it */
export function createLog(level: LogLevel, fd = 2): { log: Logger; flush(): void } {
  const sink = new LogSink(fd);
  const mixin = () => (sink.lost > 0 ? { linesLost: sink.lost } : {});
  const log = pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime, mixin }, sink);
  return { log, flush: () => sink.flush() };
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
