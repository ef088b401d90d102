// A server in a process of its own: started, waited for, measured, stopped.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { ServedModel } from './serve-model.js';

const root = (path: string) => fileURLToPath(new URL(`../../../${path}`, import.meta.url));

/** How long a server may take until it answers. */
const START_MS = 300_000;

/** A server, and how it is asked: with raw values, or with ids. */
export interface ServerKind {
  readonly name: string;
  readonly takes: 'rows' | 'ids';
  /** Arguments of node. */
  arguments(model: ServedModel, port: number): string[];
  /** Answers 200 when it is ready. */
  readonly readyPath: string;
}

/** `bitrow serve`. */
export const bitrow: ServerKind = {
  name: 'bitrow',
  takes: 'rows',
  readyPath: '/v2/health/ready',
  arguments: ({ bundle }, port) => [
    root('dist/src/cli/main.js'),
    ...['serve', `model=${bundle}`, '--port', String(port), '--log-level', 'error'],
  ],
};

/** `predictEncoded` behind fastify. */
export const bitrowIds: ServerKind = {
  name: 'bitrow, ids',
  takes: 'ids',
  readyPath: '/',
  arguments: ({ bundle }, port) => [
    root('bench/peers/bitrow-ids-server.mjs'),
    ...[String(port), bundle, root('dist/src/index.js')],
  ],
};

/** What a user would write; `threads` 0: as many as onnxruntime takes by itself. */
export function fastify(threads: number, takes: ServerKind['takes']): ServerKind {
  return {
    name: `fastify, ${threads === 0 ? 'default threads' : `${threads} thread`}${takes === 'ids' ? ', ids' : ''}`,
    takes,
    readyPath: '/',
    arguments: ({ onnx, fields, vocabularies }, port) => [
      root('bench/peers/fastify-server.mjs'),
      ...[String(port), onnx, fields, String(threads), ...(takes === 'rows' ? [vocabularies] : [])],
    ],
  };
}

export interface RunningServer {
  readonly kind: ServerKind;
  readonly port: number;
  /** Bytes of memory that the process has now. */
  residentBytes(): number;
  stop(): Promise<void>;
}

/** Starts a server and waits until it answers. @throws Error with what it said when it ends before */
export async function startServer(
  kind: ServerKind,
  model: ServedModel,
  signal: AbortSignal,
): Promise<RunningServer> {
  const port = await freePort();
  const child = spawn(process.execPath, kind.arguments(model, port), { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.on('data', (text) => {
    said = `${said}${text}`.slice(-2000);
  });
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const stop = async () => {
    child.kill('SIGTERM');
    await ended;
  };
  try {
    await ready(kind, child, port, signal, () => said);
  } catch (error) {
    await stop();
    throw error;
  }
  return { kind, port, residentBytes: () => residentBytes(child.pid ?? 0), stop };
}

async function ready(
  { name, readyPath }: ServerKind,
  child: ChildProcess,
  port: number,
  signal: AbortSignal,
  said: () => string,
): Promise<void> {
  const deadline = performance.now() + START_MS;
  while (performance.now() < deadline) {
    signal.throwIfAborted();
    if (child.exitCode !== null) throw new Error(`The server '${name}' ended before it was ready: ${said()}`);
    const answer = await fetch(`http://127.0.0.1:${port}${readyPath}`).catch(() => null);
    await answer?.body?.cancel();
    if (answer?.ok) return;
    await setTimeout(50);
  }
  throw new Error(`The server '${name}' was not ready after ${START_MS / 1000} s: ${said()}`);
}

function residentBytes(pid: number): number {
  const status = `/proc/${pid}/status`;
  const kilobytes = existsSync(status)
    ? /VmRSS:\s+(\d+)/.exec(readFileSync(status, 'utf8'))?.[1]
    : execFileSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' });
  return 1024 * Number(kilobytes);
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      server.close(() => resolve(port));
    });
  });
}
