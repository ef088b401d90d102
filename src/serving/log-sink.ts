// Where a log's lines go: to a file descriptor, beside the work. Lines that cannot be written (a full disk, a reader
// that is gone or too slow) are lost and counted; nothing waits for them, neither a request nor the end of the process.
// (pino's own destination tries for ever to flush into a full disk.)
import { write, writeSync } from 'node:fs';

/** Bytes that wait for a slow reader; lines beyond are lost. */
const WAITING_BYTES = 2 ** 20;

export class LogSink {
  /** Lines that were lost. */
  lost = 0;
  private waiting: string[] = [];
  private bytes = 0;
  private isWriting = false;

  constructor(private readonly fd: number) {}

  /** Takes a line; it is written soon. */
  write(line: string): void {
    if (this.bytes + line.length > WAITING_BYTES) {
      this.lost++;
      return;
    }
    this.waiting.push(line);
    this.bytes += line.length;
    if (!this.isWriting) this.next();
  }

  /** Writes what waits, once. */
  flush(): void {
    const { lines, chunk } = this.take();
    try {
      if (chunk.length > 0) writeSync(this.fd, chunk);
    } catch {
      this.lost += lines;
    }
  }

  private next(): void {
    const { lines, chunk } = this.take();
    this.isWriting = chunk.length > 0;
    if (this.isWriting) this.put(chunk, lines);
  }

  private put(chunk: Buffer, lines: number): void {
    write(this.fd, chunk, (error, written) => {
      if (!error && written < chunk.length) {
        this.put(chunk.subarray(written), lines);
        return;
      }
      if (error?.code === 'EAGAIN') {
        setTimeout(() => this.put(chunk, lines), 50).unref();
        return;
      }
      if (error) this.lost += lines;
      this.next();
    });
  }

  private take(): { lines: number; chunk: Buffer } {
    const lines = this.waiting.length;
    const chunk = Buffer.from(this.waiting.join(''));
    this.waiting = [];
    this.bytes = 0;
    return { lines, chunk };
  }
}
