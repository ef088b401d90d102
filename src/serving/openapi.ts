// The description of the server as an OpenAPI 3.1 document, from the operations and the zod schemas.
import * as z from 'zod';
import { version } from '../version.js';
import { type Operation, operations } from './operations.js';
import { type SchemaName, schemas } from './schemas.js';

type Json = Record<string, unknown>;

/** @param hasToken whether requests must carry a token */
export function openApi({ hasToken }: { hasToken: boolean }): Json {
  const paths: Record<string, Json> = {};
  for (const operation of operations) {
    paths[operation.path] = { ...paths[operation.path], [operation.method]: describe(operation, hasToken) };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'bitrow serve',
      version,
      description:
        'Click-through-rate models over HTTP: the Open Inference Protocol v2, and /predict for people.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    paths,
    components: {
      schemas: Object.fromEntries(
        Object.entries(schemas).map(([name, schema]) => [name, jsonSchema(schema)]),
      ),
      ...(hasToken && { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } }),
    },
  };
}

function describe(operation: Operation, hasToken: boolean): Json {
  const { path, summary, request, response, errors } = operation;
  const isHealth = path.startsWith('/v2/health/');
  const statuses = [...errors, ...(hasToken && !isHealth ? [401] : []), 403, 500].sort((a, b) => a - b);
  return {
    summary,
    operationId: `${operation.method}${path.replace(/[^A-Za-z0-9]+(.)?/g, (_, letter = '') => letter.toUpperCase())}`,
    parameters: [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
      name,
      in: 'path',
      required: true,
      schema: { type: 'string' },
    })),
    ...(request && { requestBody: { required: true, content: content(request) } }),
    responses: {
      200: {
        description: 'OK',
        content: typeof response === 'string' ? content(response) : { [response.type]: {} },
      },
      ...Object.fromEntries(
        statuses.map((status) => [
          status,
          {
            description: meanings[status] ?? 'An error',
            content: content(
              status === 503 && typeof response === 'string' && isReadiness(response) ? response : 'Error',
            ),
          },
        ]),
      ),
    },
    ...(hasToken && !isHealth && { security: [{ token: [] }] }),
  };
}

/** Those who answer 503 with what they say otherwise. */
function isReadiness(name: SchemaName): boolean {
  return name === 'Ready' || name === 'ModelReady';
}

const meanings: Readonly<Record<number, string>> = {
  400: 'The request is malformed, or a row cannot be read',
  401: 'The token is missing or another',
  403: 'The Host or Origin is foreign',
  404: 'No such model or version',
  408: 'The request did not arrive in time',
  413: 'The body is too large',
  415: 'The body is not application/json',
  500: 'The server failed',
  503: 'Overload, a model that is not loaded, or a worker that died: try again after Retry-After seconds',
};

function content(name: SchemaName): Json {
  return { 'application/json': { schema: { $ref: `#/components/schemas/${name}` } } };
}

function jsonSchema(schema: z.ZodType): Json {
  const { $schema: _, ...rest } = z.toJSONSchema(schema);
  return rest;
}
