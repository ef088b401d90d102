// `bitrow serve`: runs and bundles → an HTTP server, until it is asked to stop. Its log goes to standard error.
import { availableParallelism } from 'node:os';
import * as z from 'zod';
import { UserError } from '../errors.js';
import { type LogLevel, logLevels } from '../serving/log-levels.js';
import type { CommandSpec, Result } from './command.js';
import { Interrupted } from './interrupted.js';
import { oneOf, wholeNumber } from './option-values.js';

const number = z.number().optional();
const optionsSchema = z.object({
  host: z.string(),
  port: z.number(),
  workers: number,
  maxBatch: z.number(),
  maxDelayMs: z.number(),
  tokenFile: z.string().optional(),
  ignoreUnknown: z.boolean().default(false),
  ids: z.boolean().default(false),
  allowHost: z.array(z.string()).default([]),
  watchSeconds: z.number(),
  logLevel: z.literal(logLevels),
  maxBody: number,
  maxReceiving: number,
  maxRows: number,
  maxText: number,
  maxConnections: number,
  queueRows: number,
  requestTimeoutMs: number,
  keepAliveMs: number,
  drainMs: number,
});

export const serveCommand: CommandSpec = {
  example: 'bitrow serve ctr=runs/criteo --port 8080',
  declare(command) {
    command
      .argument(
        '<model...>',
        '[NAME=]PATH or NAME@VERSION=PATH of a run or bundle; the default name is that of the directory',
      )
      .option(
        '--host <address>',
        'address to listen at; others than this machine reach it at 0.0.0.0',
        '127.0.0.1',
      )
      .option('--port <n>', '0: one that is free', port, 8080)
      .option('--workers <n>', 'threads that score (default: processors - 1)', wholeNumber('--workers', 1))
      .option('--max-batch <n>', 'rows scored together at most', wholeNumber('--max-batch', 16), 1024)
      .option(
        '--max-delay-ms <n>',
        'how long rows wait for others to be scored with',
        wholeNumber('--max-delay-ms', 0),
        0,
      )
      .option('--token-file <file>', 'requests must carry the token that the file holds')
      .option('--ignore-unknown', 'let pass fields that the model does not know, and fields that stand twice')
      .option('--ids', 'requests have ids by field instead of values; vocabularies are not read')
      .option('--allow-host <name...>', "further names in a request's Host header; '*': any")
      .option(
        '--watch-seconds <n>',
        'look for replaced models this often; 0: only on SIGHUP',
        wholeNumber('--watch-seconds', 0),
        5,
      )
      .option('--log-level <level>', logLevels.join(', '), oneOf<LogLevel>('--log-level', logLevels), 'info')
      .option('--max-body <bytes>', 'of a request (default: 8 MiB)', wholeNumber('--max-body', 1))
      .option(
        '--max-receiving <bytes>',
        'of all bodies being received (default: 128 MiB)',
        wholeNumber('--max-receiving', 1),
      )
      .option('--max-rows <n>', 'rows of a request (default: 4096)', wholeNumber('--max-rows', 1))
      .option('--max-text <n>', 'characters of a text (default: 16384)', wholeNumber('--max-text', 1))
      .option('--max-connections <n>', 'default: 4096', wholeNumber('--max-connections', 1))
      .option(
        '--queue-rows <n>',
        'rows that may wait for a model; more are a 503 (default: 16384)',
        wholeNumber('--queue-rows', 1),
      )
      .option(
        '--request-timeout-ms <n>',
        'for a request to arrive, and to be answered (default: 10000)',
        wholeNumber('--request-timeout-ms', 10),
      )
      .option(
        '--keep-alive-ms <n>',
        'that a connection may be idle (default: 65000)',
        wholeNumber('--keep-alive-ms', 1),
      )
      .option(
        '--drain-ms <n>',
        'for requests under way when it is stopped (default: 30000)',
        wholeNumber('--drain-ms', 0),
      );
  },
  async run({ args, options, signal }) {
    const given = optionsSchema.parse(options);
    const { serve } = await import('../serving/serve.js');
    let isTerminated = false;
    const terminate = () => {
      isTerminated = true;
    };
    process.once('SIGTERM', terminate);
    try {
      const outcome = await serve({
        models: args,
        ...given,
        workers: given.workers ?? Math.max(1, availableParallelism() - 1),
        limits: {
          bodyBytes: given.maxBody,
          receivingBytes: given.maxReceiving,
          rows: given.maxRows,
          textLength: given.maxText,
          connections: given.maxConnections,
          queueRows: given.queueRows,
          requestTimeoutMs: given.requestTimeoutMs,
          keepAliveMs: given.keepAliveMs,
          drainMs: given.drainMs,
        },
        signal,
      });
      // SIGTERM is how a service is stopped; Ctrl-C is how a person gives up a command.
      if (!isTerminated) throw new Interrupted('Stopped; every accepted request was answered.');
      return summary(outcome);
    } finally {
      process.removeListener('SIGTERM', terminate);
    }
  },
};

function port(text: string): number {
  const value = wholeNumber('--port', 0)(text);
  if (value <= 65535) return value;
  throw new UserError(
    `The option --port is '${text}', but must be a whole number from 0 to 65535.`,
    undefined,
    2,
  );
}

function summary(outcome: {
  requests: number;
  rows: number;
  seconds: number;
  connectionsCut: number;
}): Result {
  const { requests, rows, seconds, connectionsCut } = outcome;
  const cut = connectionsCut > 0 ? `, ${connectionsCut} connections cut` : '';
  return {
    text: `Stopped after ${seconds.toFixed(0)} s: ${requests} requests, ${rows} rows${cut}.`,
    json: outcome,
  };
}
