// Progress on standard error: on a terminal one line, rewritten, with a bar, the rate and the time left; elsewhere
// a plain line every few seconds. With --json it is silent except on a terminal.

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
}

export interface Progress {
  update(update: ProgressUpdate): void;
  /** Clears the line of a terminal. */
  finish(): void;
}

const barWidth = 24;
const redrawMs = 100;
const plainMs = 3000;

/** A reporter on `target`; `now` gives milliseconds. */
export function createProgress(
  target: ProgressTarget,
  json: boolean,
  now: () => number = Date.now,
): Progress {
  const terminal = target.isTTY === true;
  const interval = terminal ? redrawMs : plainMs;
  let stage: string | undefined;
  let began = 0;
  let firstDone = 0;
  let last = Number.NEGATIVE_INFINITY;
  if (json && !terminal) return { update() {}, finish() {} };
  return {
    update(update) {
      const time = now();
      if (update.stage !== stage) {
        stage = update.stage;
        began = time;
        firstDone = update.done;
        if (terminal) last = Number.NEGATIVE_INFINITY;
      }
      if (time - last < interval) return;
      last = time;
      const line = progressLine(update, update.done - firstDone, (time - began) / 1000, terminal);
      // A terminal that does not know its width says 0.
      const width = (target.columns || 80) - 1;
      target.write(terminal ? `\r\x1b[2K${line.slice(0, width)}` : `${line}\n`);
    },
    finish() {
      if (terminal) target.write('\r\x1b[2K');
    },
  };
}

function progressLine(update: ProgressUpdate, moved: number, seconds: number, bar: boolean): string {
  const { stage, done, total, unit } = update;
  const fraction = total > 0 ? Math.min(done / total, 1) : 0;
  const filled = Math.round(fraction * barWidth);
  const rate = seconds > 0 ? moved / seconds : 0;
  const parts = [
    stage.padEnd(8),
    ...(bar ? [`[${'#'.repeat(filled)}${'.'.repeat(barWidth - filled)}]`] : []),
    `${Math.floor(fraction * 100)} %`.padStart(5),
    ...(unit && rate > 0 ? [`${Math.round(rate).toLocaleString('en-US')} ${unit}/s`] : []),
    ...(rate > 0 && done < total ? [`${duration((total - done) / rate)} left`] : []),
  ];
  return parts.join(' ');
}

/** Seconds in words, such as `2 min 5 s`. */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.ceil(seconds));
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}
