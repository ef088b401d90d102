// A server from its start to its end: listens, loads the models, reloads them on SIGHUP, and drains when its signal
// is aborted.
import { isIP } from 'node:net';
import { BearerToken } from './bearer-token.js';
import { checkLimits, type Limits, limitsSchema } from './limits.js';
import { createLog } from './log.js';
import type { LogLevel } from './log-levels.js';
import { parseModelSources } from './model-source.js';
import { Server } from './server.js';

export interface ServeOptions {
  /** `[NAME[@VERSION]=]PATH`. */
  models: readonly string[];
  host: string;
  port: number;
  workers: number;
  maxBatch: number;
  maxDelayMs: number;
  tokenFile?: string | undefined;
  ignoreUnknown: boolean;
  /** Whether requests have ids, by field, instead of values. */
  ids: boolean;
  allowHost: readonly string[];
  watchSeconds: number;
  logLevel: LogLevel;
  /** What is undefined has its default. */
  limits: { [K in keyof Limits]?: Limits[K] | undefined };
  /** Asks it to stop. */
  signal: AbortSignal;
}

export interface ServeOutcome {
  requests: number;
  rows: number;
  seconds: number;
  /** That had to be cut, since they did not end in time. */
  connectionsCut: number;
}

/** Serves until the signal is aborted. @throws UserError when it cannot begin */
export async function serve(options: ServeOptions): Promise<ServeOutcome> {
  const { host, port, workers, maxBatch, maxDelayMs, ignoreUnknown, ids, tokenFile, signal } = options;
  const sources = parseModelSources(options.models);
  const limits = limitsSchema.parse(options.limits);
  checkLimits(limits);
  const readToken = () => (tokenFile === undefined ? null : BearerToken.read(tokenFile));
  const token = readToken();
  const { log, flush } = createLog(options.logLevel);
  const server = new Server({
    sources,
    host,
    port,
    limits,
    engine: { workers, maxBatch, maxDelayMs, vocabularies: !ids },
    ignoreUnknown,
    token,
    allowedHosts: options.allowHost,
    watchMs: 1000 * options.watchSeconds,
    log,
  });
  const started = performance.now();
  const reload = () => {
    log.info('reload asked for');
    try {
      void server.reload(readToken());
    } catch (error) {
      log.error({ err: error }, 'token not read; the one before it holds');
      void server.reload();
    }
  };
  const stopped = new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
  const close = async () => {
    process.removeListener('SIGHUP', reload);
    const connectionsCut = await server.close();
    log.info({ connectionsCut }, 'stopped');
    flush();
    return connectionsCut;
  };
  process.on('SIGHUP', reload);
  try {
    const address = await server.listen();
    log.info({ address, models: sources.map(({ name }) => name), token: token !== null }, 'listening');
    if (token === null && !isLoopback(host))
      log.warn({ host }, 'reachable from other machines without a token');
    await Promise.race([server.load().then(() => log.info('ready')), stopped]);
    await stopped;
  } catch (error) {
    await close();
    throw error;
  }
  log.info('draining');
  const connectionsCut = await close();
  return { ...server.totals, seconds: (performance.now() - started) / 1000, connectionsCut };
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}
