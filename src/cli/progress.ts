// Progress on standard error: on a terminal one line, rewritten, with a bar, the rate and the time left; elsewhere
// a plain line every few seconds. With --json it is silent except on a terminal; warnings are always printed.
import { count } from '../reports/numbers.js';
import { duration } from './quantities.js';

export interface ProgressTarget {
  write(text: string): unknown;
  isTTY?: boolean | undefined;
  columns?: number | undefined;
}

export interface ProgressUpdate {
  stage: string;
  done: number;
  total: number;
  /** What is counted, for the rate: `samples` gives `39,000 samples/s`. Without it no rate is shown. */
  unit?: string | undefined;
  /** What else to say, in order; on a narrow terminal the last ones fall off first. */
  details?: readonly string[] | undefined;
}

export interface Progress {
  update(update: ProgressUpdate): void;
  /** A line that stays. */
  line(text: string): void;
  /** A line that stays, and is printed with --json too. */
  warn(text: string): void;
  /** Clears the line of a terminal. */
  finish(): void;
}

export interface ProgressSettings {
  json: boolean;
  /** Between two lines where there is no terminal. */
  plainMs?: number | undefined;
  /** Milliseconds. */
  now?: (() => number) | undefined;
}

const mostBarWidth = 24;
const leastBarWidth = 4;
const redrawMs = 100;
const clear = '\r\x1b[2K';

/** A reporter on `target`. */
export function createProgress(target: ProgressTarget, settings: ProgressSettings): Progress {
  const { json, plainMs = 3000, now = Date.now } = settings;
  const terminal = target.isTTY === true;
  const silent = json && !terminal;
  const interval = terminal ? redrawMs : plainMs;
  let stage: string | undefined;
  let began = 0;
  let firstDone = 0;
  let last = Number.NEGATIVE_INFINITY;
  const print = (text: string) => {
    target.write(terminal ? `${clear}${text}\n` : `${text}\n`);
    if (terminal) last = Number.NEGATIVE_INFINITY;
  };
  return {
    update(update) {
      if (silent) return;
      const time = now();
      if (update.stage !== stage) {
        stage = update.stage;
        began = time;
        firstDone = update.done;
        if (terminal) last = Number.NEGATIVE_INFINITY;
      }
      if (time - last < interval) return;
      last = time;
      const seconds = (time - began) / 1000;
      const rate = seconds > 0 ? (update.done - firstDone) / seconds : 0;
      // A terminal that does not know its width says 0.
      if (terminal) target.write(`${clear}${terminalLine(update, rate, (target.columns || 80) - 1)}`);
      else target.write(`${[...textParts(update, rate)].join('  ')}\n`);
    },
    line(text) {
      if (!silent) print(text);
    },
    warn: print,
    finish() {
      if (terminal) target.write(clear);
    },
  };
}

function textParts({ stage, done, total, unit, details = [] }: ProgressUpdate, rate: number): string[] {
  return [
    stage.padEnd(8),
    `${Math.floor(share(done, total) * 100)} %`.padStart(5),
    ...(unit && rate > 0 ? [`${count(rate)} ${unit}/s`] : []),
    ...(rate > 0 && done < total ? [`${duration((total - done) / rate)} left`] : []),
    ...details,
  ];
}

/** The parts that fit, and a bar in the room that they leave. */
function terminalLine(update: ProgressUpdate, rate: number, width: number): string {
  const parts = textParts(update, rate);
  const [stage, ...others] = parts;
  const length = () => [stage, ...others].join('  ').length;
  const room = () => width - length() - '  []'.length;
  while (others.length > 1 && room() < leastBarWidth) others.pop();
  const barWidth = Math.min(mostBarWidth, room());
  if (barWidth < leastBarWidth) return [stage, ...others].join('  ').slice(0, width);
  const filled = Math.round(share(update.done, update.total) * barWidth);
  return [stage, `[${'#'.repeat(filled)}${'.'.repeat(barWidth - filled)}]`, ...others].join('  ');
}

function share(done: number, total: number): number {
  return total > 0 ? Math.min(done / total, 1) : 0;
}
