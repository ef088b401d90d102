// The addresses of the server and what answers there. Both protocols go one way: body to the texts of rows, these to the
// model's queue, prediction to JSON.
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import type { Prediction } from '../scoring/open.js';
import { type CellTexts, RowTexts } from '../scoring/row-texts.js';
import { version as bitrow } from '../version.js';
import { apiPage, PAGE_POLICY } from './api-page.js';
import { inferResponse, readInferRequest } from './infer-protocol.js';
import type { Limits } from './limits.js';
import { METRICS_TYPE } from './metrics.js';
import type { LiveModel, ModelSlot } from './model-slot.js';
import { type Models, requireLive } from './models.js';
import { openApi } from './openapi.js';
import { clientGone, type PendingRequests } from './pending-requests.js';
import { predictResponse, readPredictRequest } from './predict-protocol.js';
import { RequestError } from './request-error.js';
import type { ServerMetrics } from './server-metrics.js';

export interface RouteOptions {
  models: Models;
  metrics: ServerMetrics;
  pending: PendingRequests;
  limits: Limits;
  ignoreUnknown: boolean;
  hasToken: boolean;
  log: Logger;
  isStopping(): boolean;
}

interface Params {
  name?: string;
  version?: string;
}

const nothing = Buffer.alloc(0);

/** Of a protocol: a body to rows, and the way back. */
type Read = (body: Buffer, live: LiveModel) => { texts: CellTexts; write: Write };
type Write = (prediction: Prediction, name: string, version: string) => string;

export function addRoutes(app: FastifyInstance, options: RouteOptions): void {
  const { models, metrics, pending, isStopping } = options;
  const rules = { ...options.limits, ignoreUnknown: options.ignoreUnknown };
  const find = ({ name, version }: Params) =>
    name === undefined ? models.only() : models.find(name, version);

  const get = (route: string, path: string, answer: (params: Params, reply: FastifyReply) => unknown) => {
    app.get<{ Params: Params }>(path, counted(route, options), (request, reply) => {
      reply.send(answer(request.params, reply));
    });
  };
  get('health', '/v2/health/live', () => ({ live: true }));
  get('health', '/v2/health/ready', (_, reply) => {
    const ready = models.areLoaded && !isStopping();
    reply.code(ready ? 200 : 503);
    return { live: true, ready };
  });
  get('metadata', '/v2', () => ({ name: 'bitrow', version: bitrow, extensions: [], models: models.names }));
  for (const path of ['/v2/models/:name', '/v2/models/:name/versions/:version']) {
    get('metadata', path, (params) => modelMetadata(find(params), models));
    get('health', `${path}/ready`, (params, reply) => {
      const slot = find(params);
      const ready = slot.live !== undefined && !isStopping();
      reply.code(ready ? 200 : 503);
      return { name: slot.name, ready };
    });
  }
  get('metrics', '/metrics', (_, reply) => {
    models.measure();
    reply.type(METRICS_TYPE);
    return metrics.text();
  });

  const description = JSON.stringify(openApi({ hasToken: options.hasToken }));
  get('openapi', '/openapi.json', (_, reply) => {
    reply.type('application/json');
    return description;
  });
  get('openapi', '/', (_, reply) => {
    reply.type('text/html; charset=utf-8').header('content-security-policy', PAGE_POLICY);
    return apiPage(models.names);
  });

  const post = (route: string, path: string, read: Read) => {
    const admit = (request: FastifyRequest<{ Params: Params }>, _: FastifyReply, done: () => void) => {
      const slot = find(request.params);
      requireLive(slot);
      // Before the body is read and parsed: refusing has to cost less than answering.
      if (slot.isFull)
        throw new RequestError(
          503,
          `The model '${slot.name}' has too many rows waiting; try again.`,
          'overload',
        );
      done();
    };
    app.post<{ Params: Params; Body: Buffer | undefined }>(
      path,
      { ...counted(route, options), onRequest: admit },
      (request, reply) => {
        const slot = find(request.params);
        const live = requireLive(slot);
        const { texts, write } = read(request.body ?? nothing, live);
        const waiting = pending.add(reply.raw, texts.rows, (error) => reply.send(error));
        slot.predict(live, texts, waiting.signal).then(
          (prediction) => {
            if (!pending.end(waiting)) return;
            if (isStopping()) reply.header('connection', 'close');
            reply.header('content-type', 'application/json; charset=utf-8');
            reply.send(write(prediction, slot.name, live.version));
          },
          (error) => {
            // Where the client is gone, nobody is there to be told.
            if (pending.end(waiting) && error !== clientGone) reply.send(error);
          },
        );
      },
    );
  };
  const infer: Read = (body, { columns }) => {
    const asked = readInferRequest(body, columns, rules);
    return {
      texts: RowTexts.of(asked.rows, columns.inputs),
      write: (found, name, version) => inferResponse(name, version, asked, found),
    };
  };
  const predict: Read = (body, { columns }) => ({
    texts: readPredictRequest(body, columns, rules),
    write: (found, name, version) => predictResponse(name, version, found),
  });
  post('infer', '/v2/models/:name/infer', infer);
  post('infer', '/v2/models/:name/versions/:version/infer', infer);
  post('predict', '/predict', predict);
  post('predict', '/predict/:name', predict);
  post('predict', '/predict/:name/versions/:version', predict);
}

/** Counts what a route answers. */
function counted(route: string, { metrics, log }: RouteOptions) {
  const ofRoute = metrics.route(route);
  return {
    onResponse(request: FastifyRequest, reply: FastifyReply, done: () => void) {
      const elapsedMs = reply.elapsedTime;
      ofRoute.answered(reply.statusCode, elapsedMs);
      if (log.isLevelEnabled('debug')) {
        const { method, url } = request.raw;
        log.debug({ method, url, status: reply.statusCode, elapsedMs }, 'request');
      }
      done();
    },
  };
}

function modelMetadata(slot: ModelSlot, models: Models) {
  const { model, columns } = requireLive(slot);
  return {
    name: slot.name,
    versions: models.versions(slot.name),
    platform: `bitrow_${model.kind}`,
    inputs: columns.inputs.map((input) => ({ ...input, shape: [-1] })),
    outputs: ['probability', 'logit'].map((name) => ({ name, datatype: 'FP32', shape: [-1] })),
  };
}
