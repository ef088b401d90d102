// The trace of a training as a file of Chrome's trace events (JSON), which Perfetto and chrome://tracing show: one track
// for each thread, one span (`"ph": "X"`) for each thing it did, times in microseconds from the first span on.
import { PartialFile } from '../formats/partial-file.js';
import { readTrace } from '../team/trace.js';

/** Events that are put into text at a time. */
const EVENTS = 4096;

/** A trace file that is being written: it can be from the beginning, and is when the training has ended. */
export class TraceFile {
  private isDone = false;

  private constructor(private readonly file: PartialFile) {}

  /** @throws UserError when the path cannot be written */
  static async create(path: string): Promise<TraceFile> {
    return new TraceFile(await PartialFile.create(path));
  }

  /** Writes the file. @param rings of the main thread, then of the team's threads */
  async write(rings: readonly SharedArrayBuffer[]): Promise<void> {
    let at = 0;
    const write = async (text: string) => {
      const bytes = new TextEncoder().encode(text);
      await this.file.write(bytes, at);
      at += bytes.length;
    };
    const threads = rings.map((ring, tid) => ({ tid, name: threadName(tid), ...readTrace(ring) }));
    const origin = Math.min(
      ...threads.flatMap(({ spans }) => spans.slice(0, 1).map(({ beganMs }) => beganMs)),
    );
    const lost = Object.fromEntries(threads.map(({ name, lost }) => [name, lost]));
    await write(
      `{"displayTimeUnit":"ms","otherData":${JSON.stringify({ lostSpans: lost })},"traceEvents":[\n`,
    );
    const names = threads.map(({ tid, name }) => ({
      ph: 'M',
      pid: 1,
      tid,
      name: 'thread_name',
      args: { name },
    }));
    await write(names.map((event) => JSON.stringify(event)).join(',\n'));
    for (const { tid, spans } of threads) {
      for (let from = 0; from < spans.length; from += EVENTS) {
        const some = spans.slice(from, from + EVENTS).map(({ name, beganMs, endedMs, step, index }) =>
          JSON.stringify({
            ph: 'X',
            pid: 1,
            tid,
            name,
            ts: microseconds(beganMs - origin),
            dur: microseconds(endedMs - beganMs),
            args: { step, ...(index !== null && { index }) },
          }),
        );
        await write(`,\n${some.join(',\n')}`);
      }
    }
    await write('\n]}\n');
    await this.file.finish();
    this.isDone = true;
  }

  /** Leaves no file, unless it is written already. */
  async abandon(): Promise<void> {
    if (!this.isDone) await this.file.abandon();
  }
}

const threadName = (tid: number) => (tid === 0 ? 'main' : `thread ${tid - 1}`);

/** To a nanosecond. */
const microseconds = (ms: number) => Math.round(ms * 1e6) / 1e3;
