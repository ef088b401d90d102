// A process of Python beside us that answers one line of JSON with another, so that both can take turns within one run. The
// scripts are in bench/peers/.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export interface PythonPeer {
  /** What it said of itself when it was ready. */
  hello: Record<string, unknown>;
  /** @throws Error with its last words when it has ended */
  ask(request: object): Promise<Record<string, unknown>>;
  close(): void;
}

/**
 * Starts a script of bench/peers.
 *
 * @returns why there is none, where Python has no torch or is none
 */
export async function startPython(
  python: string,
  script: string,
  args: readonly string[],
): Promise<PythonPeer | string> {
  const file = fileURLToPath(new URL(`../../../bench/peers/${script}`, import.meta.url));
  const child = spawn(python, [file, ...args]);
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
    hello,
    async ask(request) {
      child.stdin.write(`${JSON.stringify(request)}\n`);
      const reply = await answer();
      if (reply === undefined) throw new Error(`PyTorch ended: ${await lastWords()}`);
      return reply;
    },
    close: () => void child.stdin.end(),
  };
}
