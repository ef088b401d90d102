// The server: Fastify with the routes, guards before them, metrics after them. One model per slot does the work
// (model-slot.ts); what a request and a response look like is in the two protocols.
import { createServer, type Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type FastifyInstance, type FastifyReply, fastify } from 'fastify';
import type { Logger } from 'pino';
import { UserError } from '../errors.js';
import type { BearerToken } from './bearer-token.js';
import { clientErrors } from './client-errors.js';
import { Drain } from './drain.js';
import { errorJson, errorReply } from './error-reply.js';
import { Guards } from './guards.js';
import { BodyReader } from './json-body.js';
import type { Limits } from './limits.js';
import { logEvent } from './log.js';
import type { ModelSource } from './model-source.js';
import { Models } from './models.js';
import { PendingRequests } from './pending-requests.js';
import { RequestError } from './request-error.js';
import { addRoutes } from './routes.js';
import { type EngineOptions, type OpenServedModel, openServedModel } from './served-model.js';
import { ServerMetrics } from './server-metrics.js';

export interface ServerOptions {
  sources: readonly ModelSource[];
  host: string;
  /** 0: one that is free. */
  port: number;
  limits: Limits;
  engine: EngineOptions;
  ignoreUnknown: boolean;
  /** What requests must carry; null: nothing. */
  token: BearerToken | null;
  /** Names by which the server may be called beside its own; `*`: any. */
  allowedHosts: readonly string[];
  /** How often files are looked at for a replacement; 0: never, only on `reload`. */
  watchMs: number;
  log: Logger;
  /** How models are opened; tests have others. */
  open?: OpenServedModel;
}

export class Server {
  readonly app: FastifyInstance;
  readonly metrics = new ServerMetrics();
  private readonly models: Models;
  private readonly pending: PendingRequests;
  private readonly connections: Drain;
  private readonly http: HttpServer;
  private token: BearerToken | null;

  constructor(private readonly options: ServerOptions) {
    const { limits, engine, sources, log, open = openServedModel } = options;
    this.token = options.token;
    this.pending = new PendingRequests(limits.requestTimeoutMs);
    const { metrics } = this;
    this.models = new Models(sources, {
      open,
      limits,
      engine,
      metrics,
      onEvent: (event, slot) => logEvent(log, event, slot),
    });
    this.app = fastify({
      logger: false,
      serverFactory: (handler) => createHttp(limits, handler),
      exposeHeadRoutes: true,
      routerOptions: { maxParamLength: 64 },
      clientErrorHandler: clientErrors(metrics),
      // An address that is none reaches no route and no hook.
      frameworkErrors: (error, { url }, reply) => this.refuse(error, url, reply as FastifyReply),
    });
    this.http = this.app.server as HttpServer;
    this.connections = new Drain(this.http);
    this.addGuards();
    this.addBodies();
    this.addErrors();
    addRoutes(this.app, {
      models: this.models,
      metrics,
      pending: this.pending,
      limits,
      ignoreUnknown: options.ignoreUnknown,
      hasToken: options.token !== null,
      log,
      isStopping: () => this.connections.isStopping,
    });
  }

  get isReady(): boolean {
    return this.models.areLoaded && !this.connections.isStopping;
  }

  /** What was answered so far. */
  get totals(): { requests: number; rows: number } {
    return { requests: this.metrics.requests.sum(), rows: this.metrics.rows.sum() };
  }

  /** Listens; models are loaded after it. @returns the address, such as `http://127.0.0.1:8080`. @throws UserError */
  async listen(): Promise<string> {
    const { host, port } = this.options;
    await this.app.ready();
    await new Promise<void>((resolve, reject) => {
      const fail = (error: Error) =>
        reject(new UserError(`The server cannot listen at ${host}, port ${port}: ${error.message}.`));
      this.http.once('error', fail);
      this.http.listen({ host, port, backlog: 1024 }, () => {
        this.http.removeListener('error', fail);
        resolve();
      });
    });
    const { address, port: bound, family } = this.http.address() as AddressInfo;
    return `http://${family === 'IPv6' ? `[${address}]` : address}:${bound}`;
  }

  /** Opens the models; the server is ready after it. @throws UserError */
  async load(): Promise<void> {
    await this.models.load();
    this.metrics.ready.with().set(1);
    this.models.startWatching(this.options.watchMs);
  }

  /** Opens all models anew; what cannot be opened answers as before. @param token in place of the one there was */
  async reload(token: BearerToken | null = this.token): Promise<void> {
    this.token = token;
    await this.models.reload();
  }

  /** Answers what was accepted, then ends. @returns connections that had to be cut */
  async close(): Promise<number> {
    this.metrics.ready.with().set(0);
    const cut = await this.connections.drain(this.options.limits);
    await this.models.close();
    this.pending.close();
    await this.app.close();
    return cut;
  }

  private addGuards(): void {
    const { host, allowedHosts } = this.options;
    const guards = new Guards(host, allowedHosts);
    this.app.addHook('onRequest', (request, reply, done) => {
      const { headers, method, url } = request.raw;
      if (this.connections.isStopping) reply.header('connection', 'close');
      guards.requireKnownHost(headers.host);
      if (method === 'POST') guards.requireOwnOrigin(headers.origin, headers.host);
      // Those who only ask whether it lives carry no secrets.
      if (this.token && !url?.startsWith('/v2/health/')) this.token.require(headers.authorization);
      done();
    });
  }

  private addBodies(): void {
    const { app } = this;
    const reader = new BodyReader(this.options.limits);
    app.removeAllContentTypeParsers();
    app.addContentTypeParser('application/json', (request, payload, done) => {
      const { headers } = request.raw;
      // Nothing is unpacked: a small body may hold a large one.
      if (headers['content-encoding'] !== undefined) {
        return done(new RequestError(415, 'A body with a content encoding is not read.', 'content_type'));
      }
      if (/charset=(?!"?utf-8)/i.test(headers['content-type'] ?? '')) {
        return done(new RequestError(415, "A body's charset must be utf-8.", 'content_type'));
      }
      reader.read(payload, headers['content-length'], done);
    });
  }

  private addErrors(): void {
    this.app.setErrorHandler((error, { url }, reply) => this.refuse(error, url, reply));
    this.app.setNotFoundHandler(() => {
      throw new RequestError(
        404,
        'There is nothing here; GET /openapi.json says what there is.',
        'not_found',
      );
    });
  }

  /** Answers with an error. */
  private refuse(error: unknown, url: string, reply: FastifyReply): void {
    const { status, message, reason, isTransient } = errorReply(error);
    this.metrics.refused.with({ reason }).add();
    if (status === 500) this.options.log.error({ err: error, url }, 'a request failed');
    if (isTransient) reply.header('retry-after', '1');
    if (status === 401) reply.header('www-authenticate', 'Bearer');
    reply.code(status).type('application/json').send(errorJson(message));
  }
}

function createHttp(
  { headerBytes, requestTimeoutMs, keepAliveMs, connections }: Limits,
  handler: Parameters<typeof createServer>[1],
): HttpServer {
  const server = createServer(
    {
      maxHeaderSize: headerBytes,
      headersTimeout: requestTimeoutMs,
      requestTimeout: requestTimeoutMs,
      // How often the two before are looked after.
      connectionsCheckingInterval: Math.min(1000, Math.ceil(requestTimeoutMs / 4)),
      keepAliveTimeout: keepAliveMs,
      noDelay: true,
    },
    handler,
  );
  server.maxConnections = connections;
  // A client that does not read its response.
  server.timeout = Math.max(keepAliveMs, 2 * requestTimeoutMs) + 1000;
  return server;
}
