// What a thread spends its time on: spans with a name, in a ring of fixed size that keeps the newest. The ring is shared
// memory, written by its thread alone and read by the main thread at the end; without a ring nothing is noted. Which
// spans make a picture is trace-file.ts's business.

/** What a span can be. New ones go at the end. */
export const spanNames = [
  // Of the main thread.
  'read',
  'plan',
  'await the team',
  'decode',
  'shuffle',
  'validation',
  'checkpoint',
  // Of a thread of the team.
  'await a batch',
  'barrier',
  'gather',
  'parameters',
  'expand',
  'network',
  'segment sum',
  'dense update',
  'pairs',
  'update',
  'alone',
  'score',
  'together',
] as const;
export type SpanName = (typeof spanNames)[number];

const numbers = new Map(spanNames.map((name, number) => [name, number]));

/** One span. Times are milliseconds of one clock for all threads. */
export interface Span {
  name: SpanName;
  beganMs: number;
  endedMs: number;
  /** Training step it belongs to; 0 where there is none. */
  step: number;
  /** Of a micro-batch, where it is about one. */
  index: number | null;
}

/** Spans that a thread keeps: some hundreds of steps. */
export const TRACE_SPANS = 2 ** 16;
/** Per span: times in fp64; name, step and index in words. */
const SPAN_BYTES = 16 + 12;
const HEADER_BYTES = 8;
const NO_INDEX = 2 ** 32 - 1;

/** A ring for one thread. */
export function allocateTrace(spans = TRACE_SPANS): SharedArrayBuffer {
  return new SharedArrayBuffer(HEADER_BYTES + spans * SPAN_BYTES);
}

/** A thread's own ring. */
export class Trace {
  /** Training step that spans are noted under. */
  step = 0;
  private readonly written: Uint32Array;
  private readonly times: Float64Array; // (spans, 2)
  private readonly words: Uint32Array; // (spans, 3)
  private readonly spans: number;
  /** From this thread's clock to that of all. */
  private readonly clockOffset = Number(process.hrtime.bigint()) / 1e6 - performance.now();
  private last = performance.now();

  constructor(ring: SharedArrayBuffer) {
    this.spans = (ring.byteLength - HEADER_BYTES) / SPAN_BYTES;
    this.written = new Uint32Array(ring, 0, 1);
    this.times = new Float64Array(ring, HEADER_BYTES, 2 * this.spans);
    this.words = new Uint32Array(ring, HEADER_BYTES + 16 * this.spans, 3 * this.spans);
  }

  /** Notes what the thread did since the last lap, or since `start`. */
  lap(name: SpanName, index: number | null = null): void {
    const now = performance.now();
    this.note(name, this.last, now, index);
    this.last = now;
  }

  /** What was done until now is in no span. */
  start(): void {
    this.last = performance.now();
  }

  /** Notes a span that lies within a lap: since `began`, which is of `performance.now()`. */
  span(name: SpanName, began: number): void {
    this.note(name, began, performance.now(), null);
  }

  private note(name: SpanName, began: number, ended: number, index: number | null): void {
    const place = this.written[0] % this.spans;
    this.times[2 * place] = began + this.clockOffset;
    this.times[2 * place + 1] = ended + this.clockOffset;
    this.words[3 * place] = numbers.get(name) ?? 0;
    this.words[3 * place + 1] = this.step;
    this.words[3 * place + 2] = index ?? NO_INDEX;
    this.written[0]++;
  }
}

/** The spans of a ring, oldest first, and how many older ones it has lost. */
export function readTrace(ring: SharedArrayBuffer): { spans: Span[]; lost: number } {
  const room = (ring.byteLength - HEADER_BYTES) / SPAN_BYTES;
  const [written] = new Uint32Array(ring, 0, 1);
  const times = new Float64Array(ring, HEADER_BYTES, 2 * room);
  const words = new Uint32Array(ring, HEADER_BYTES + 16 * room, 3 * room);
  const lost = Math.max(0, written - room);
  const spans = Array.from({ length: written - lost }, (_, i): Span => {
    const place = (lost + i) % room;
    const index = words[3 * place + 2];
    return {
      name: spanNames[words[3 * place]],
      beganMs: times[2 * place],
      endedMs: times[2 * place + 1],
      step: words[3 * place + 1],
      index: index === NO_INDEX ? null : index,
    };
  });
  return { spans, lost };
}
