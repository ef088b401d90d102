// What can be asked of the server, as data: /openapi.json and the page that shows it are made of it, and a test asks
// for each.
import type { SchemaName } from './schemas.js';

export interface Operation {
  method: 'get' | 'post';
  path: string;
  summary: string;
  request?: SchemaName;
  /** A schema, or the content type of what is no JSON. */
  response: SchemaName | { type: string };
  /** Statuses beside 200, 401, 403 and 500. */
  errors: readonly number[];
}

const oneModel = [404, 503] as const;
const scoring = [400, 404, 408, 413, 415, 503] as const;

/** The operation at a model's address, and at that of one of its versions. */
function versioned(operation: Operation): Operation[] {
  const path = operation.path.replace('{name}', '{name}/versions/{version}');
  return [operation, { ...operation, path, summary: `${operation.summary} (one version)` }];
}

export const operations: readonly Operation[] = [
  ...versioned({
    method: 'post',
    path: '/v2/models/{name}/infer',
    summary: 'Score rows, given as a tensor per column (Open Inference Protocol v2)',
    request: 'InferRequest',
    response: 'InferResponse',
    errors: scoring,
  }),
  {
    method: 'post',
    path: '/predict',
    summary: 'Score rows, given as objects, with the only model',
    request: 'PredictRequest',
    response: 'PredictResponse',
    errors: scoring,
  },
  ...versioned({
    method: 'post',
    path: '/predict/{name}',
    summary: 'Score rows, given as objects',
    request: 'PredictRequest',
    response: 'PredictResponse',
    errors: scoring,
  }),
  ...versioned({
    method: 'get',
    path: '/v2/models/{name}',
    summary: 'What a model is asked with and answers',
    response: 'ModelMetadata',
    errors: oneModel,
  }),
  ...versioned({
    method: 'get',
    path: '/v2/models/{name}/ready',
    summary: 'Whether a model answers',
    response: 'ModelReady',
    errors: oneModel,
  }),
  { method: 'get', path: '/v2', summary: 'What the server is', response: 'ServerMetadata', errors: [] },
  {
    method: 'get',
    path: '/v2/health/live',
    summary: 'Whether the server runs',
    response: 'Live',
    errors: [],
  },
  {
    method: 'get',
    path: '/v2/health/ready',
    summary: 'Whether all models answer: not before they are loaded, nor while the server is stopping',
    response: 'Ready',
    errors: [503],
  },
  {
    method: 'get',
    path: '/metrics',
    summary: 'Metrics for Prometheus',
    response: { type: 'text/plain' },
    errors: [],
  },
  {
    method: 'get',
    path: '/openapi.json',
    summary: 'This description',
    response: { type: 'application/json' },
    errors: [],
  },
  {
    method: 'get',
    path: '/',
    summary: 'This description, to read',
    response: { type: 'text/html' },
    errors: [],
  },
];
