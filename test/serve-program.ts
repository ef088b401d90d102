// `bitrow serve` in a process of its own, as a user runs it: its log is read line by line.
import { type ChildProcess, spawn } from 'node:child_process';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';

const main = fileURLToPath(new URL('../src/cli/main.js', import.meta.url));
const faults = new URL('./faults/kill-scorer.js', import.meta.url).href;

export interface LogLine {
  msg: string;
  [key: string]: unknown;
}

export class ServeProgram {
  readonly lines: LogLine[] = [];
  out = '';
  err = '';
  readonly ended: Promise<number | null>;
  private readonly child: ChildProcess;
  private onLine: () => void = () => {};

  /** @param stderr a file descriptor in place of the log that is read */
  constructor(argv: readonly string[], { canKillScorer = false, stderr = 'pipe' as 'pipe' | number } = {}) {
    const preload = canKillScorer ? ['--import', faults] : [];
    this.child = spawn(process.execPath, [...preload, main, 'serve', ...argv], {
      stdio: ['ignore', 'pipe', stderr],
    });
    this.child.stdout?.on('data', (text) => {
      this.out += text;
    });
    let rest = '';
    this.child.stderr?.on('data', (text) => {
      this.err += text;
      const lines = `${rest}${text}`.split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) if (line.startsWith('{')) this.lines.push(JSON.parse(line));
      this.onLine();
    });
    this.ended = new Promise((resolve) => {
      this.child.on('close', (code) => {
        resolve(code);
        this.onLine();
      });
    });
  }

  /** The `count`-th line of the log with this message. @throws when the program ends before it */
  async line(msg: string, count = 1): Promise<LogLine> {
    for (;;) {
      const found = this.lines.filter((line) => line.msg === msg)[count - 1];
      if (found) return found;
      if (this.child.exitCode !== null || this.child.signalCode !== null) {
        throw new Error(`Ended before '${msg}': ${this.err}`);
      }
      await new Promise<void>((resolve) => {
        this.onLine = resolve;
      });
    }
  }

  /** Where it listens, once it is ready. */
  async address(): Promise<string> {
    await this.line('ready');
    return String((await this.line('listening')).address);
  }

  kill(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }
}

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
