// Load on a server: autocannon on loopback, every request another of some bodies; and the answers to those, to compare.
import * as z from 'zod';
import { UserError } from '../errors.js';
import type { RunningServer } from './serve-process.js';

/** Connections that ask at the same time, each again when it has its answer. */
export const CONNECTIONS = 100;

/** Longer than any server should take on any machine: what is not answered then is an error. */
const TIMEOUT_SECONDS = 30;

const resultSchema = z.object({
  requests: z.object({ average: z.number(), total: z.number() }),
  latency: z.object({ p50: z.number(), p99: z.number() }),
  '2xx': z.number(),
  non2xx: z.number(),
  errors: z.number(),
  timeouts: z.number(),
});

export interface Load {
  /** Answered in a second. */
  readonly requestsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

type Autocannon = (options: Record<string, unknown>) => Promise<unknown>;

/** For so many seconds, or so many requests. @throws Error where a request was not answered with 200 */
export async function loadServer(
  { kind, port }: RunningServer,
  bodies: readonly string[],
  length: { duration: number } | { amount: number },
  connections = CONNECTIONS,
): Promise<Load> {
  const autocannon = await loadAutocannon();
  const result = resultSchema.parse(
    await autocannon({
      url: `http://127.0.0.1:${port}/predict`,
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      connections,
      timeout: TIMEOUT_SECONDS,
      requests: bodies.map((body) => ({ body })),
      ...length,
    }),
  );
  const { non2xx, errors, timeouts } = result;
  if (non2xx + errors + timeouts > 0) {
    throw new Error(
      `The server '${kind.name}' did not answer all of ${result.requests.total} requests: ${non2xx} with another status than 200, ${errors} errors, ${timeouts} timeouts.`,
    );
  }
  const { requests, latency } = result;
  return { requestsPerSecond: requests.average, p50Ms: latency.p50, p99Ms: latency.p99 };
}

/** Probabilities of a body's rows. */
export async function askServer({ kind, port }: RunningServer, body: string): Promise<number[]> {
  const answer = await fetch(`http://127.0.0.1:${port}/predict`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body,
  });
  const text = await answer.text();
  if (!answer.ok)
    throw new Error(`The server '${kind.name}' answers ${answer.status}: ${text.slice(0, 200)}`);
  return z.object({ probabilities: z.array(z.number()) }).parse(JSON.parse(text)).probabilities;
}

/** It is no dependency of bitrow: only those who measure need it. */
async function loadAutocannon(): Promise<Autocannon> {
  const name = 'autocannon';
  try {
    const module: unknown = await import(name);
    return z.object({ default: z.custom<Autocannon>((value) => typeof value === 'function') }).parse(module)
      .default;
  } catch {
    throw new UserError(
      'The benchmark serve needs autocannon, which is not installed.',
      'npm install --no-save autocannon fastify',
    );
  }
}
