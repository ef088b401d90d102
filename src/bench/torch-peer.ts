// PyTorch beside us: a process of Python that does the same work on the same rows when it is told to, so that both take turns
// within one run (bench/peers/quantize.py).
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const script = fileURLToPath(new URL('../../../bench/peers/quantize.py', import.meta.url));

export type PeerRequest =
  | { do: 'prepack'; bits: number; greedy: boolean; first: number; rows: number; store?: string }
  | { do: 'lookup'; bits: number; ids: string; bags: number; each: number; store?: string };

export interface TorchPeer {
  /** PyTorch's version. */
  version: string;
  /** Seconds that the work took there, without the way to and fro. */
  run(request: PeerRequest): Promise<number>;
  close(): void;
}

/**
 * Starts the process on a file of fp32 values (rows, dim).
 *
 * @returns why there is none, where Python has no torch or is none
 */
export async function startTorch(
  python: string,
  table: string,
  rows: number,
  dim: number,
): Promise<TorchPeer | string> {
  const child = spawn(python, [script, table, String(rows), String(dim)]);
  let complaint = '';
  child.stderr.on('data', (text) => {
    complaint += String(text);
  });
  child.on('error', (error) => {
    complaint = error.message;
  });
  // Its pipes end one by one: what it complained of is whole when all have.
  const ended = new Promise<void>((resolve) => {
    child.on('close', () => resolve());
  });
  const lastWords = async () => {
    await ended;
    return complaint.trim().split('\n').at(-1);
  };
  // What is asked of a process that has ended is told below; the pipe need not say it too.
  child.stdin.on('error', () => {});
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const answer = async (): Promise<Record<string, unknown> | undefined> => {
    const { value, done } = await answers.next();
    return done ? undefined : JSON.parse(value);
  };
  const hello = await answer();
  if (hello === undefined) {
    return `${python} cannot run PyTorch (${(await lastWords()) || 'it ended without a word'})`;
  }
  return {
    version: String(hello.torch),
    async run(request) {
      child.stdin.write(`${JSON.stringify(request)}\n`);
      const reply = await answer();
      if (reply === undefined) throw new Error(`PyTorch ended: ${await lastWords()}`);
      return Number(reply.seconds);
    },
    close: () => void child.stdin.end(),
  };
}
