// The shapes of requests and responses, for /openapi.json. Requests are read by hand on their way to a model
// (infer-protocol.ts, predict-protocol.ts); a test holds both to the same opinion.
import * as z from 'zod';
import { datatypeNames } from './cells.js';
import { outputNames } from './infer-protocol.js';

const cell = z.union([z.string(), z.number(), z.boolean(), z.null()]).meta({
  description:
    'A value as in the raw data. null, "" and absence are missing; whole numbers from 2^53 on are texts.',
});

const parameters = z
  .record(z.string(), z.union([z.string(), z.number(), z.boolean()]))
  .meta({ description: 'Allowed by the protocol; none has an effect.' });

const shape = z
  .union([z.tuple([z.int().min(1)]), z.tuple([z.int().min(1), z.literal(1)])])
  .meta({ description: '[rows] or [rows, 1].' });

const tensorMetadata = z.strictObject({
  name: z.string(),
  datatype: z.string(),
  shape: z.array(z.int()).meta({ description: '-1: as many as there are rows.' }),
});

const numbers = z.array(z.number());

/** Every named schema of the API. */
export const schemas = {
  Error: z.strictObject({ error: z.string().meta({ description: 'What is wrong, and what is allowed.' }) }),
  ServerMetadata: z.strictObject({
    name: z.literal('bitrow'),
    version: z.string(),
    extensions: z.array(z.string()),
    models: z.array(z.string()),
  }),
  Live: z.strictObject({ live: z.literal(true) }),
  Ready: z.strictObject({ live: z.literal(true), ready: z.boolean() }),
  ModelReady: z.strictObject({ name: z.string(), ready: z.boolean() }),
  ModelMetadata: z.strictObject({
    name: z.string(),
    versions: z.array(z.string()),
    platform: z.string(),
    inputs: z.array(tensorMetadata),
    outputs: z.array(tensorMetadata),
  }),
  InferRequest: z.strictObject({
    id: z.string().optional(),
    inputs: z
      .array(
        z.strictObject({
          name: z.string().meta({ description: 'A raw column of the model.' }),
          datatype: z.literal(datatypeNames),
          shape,
          data: z.array(z.union([cell, z.tuple([cell])])),
          parameters: parameters.optional(),
        }),
      )
      .min(1),
    outputs: z
      .array(z.strictObject({ name: z.literal(outputNames), parameters: parameters.optional() }))
      .max(outputNames.length)
      .optional(),
    parameters: parameters.optional(),
  }),
  InferResponse: z.strictObject({
    model_name: z.string(),
    model_version: z.string(),
    id: z.string().optional(),
    parameters: z.strictObject({ oov: z.int().meta({ description: 'Values that training never saw.' }) }),
    outputs: z.array(
      z.strictObject({
        name: z.literal(outputNames),
        datatype: z.literal('FP32'),
        shape: z.tuple([z.int()]),
        data: numbers,
      }),
    ),
  }),
  PredictRequest: z
    .array(z.record(z.string(), cell))
    .min(1)
    .meta({ description: 'Rows as objects of raw columns.' }),
  PredictResponse: z.strictObject({
    model: z.string(),
    version: z.string(),
    probabilities: numbers,
    logits: numbers,
    oov: z
      .record(z.string(), z.int())
      .meta({ description: 'Per field, its values that training never saw; fields without any are absent.' }),
  }),
} as const satisfies Record<string, z.ZodType>;
export type SchemaName = keyof typeof schemas;
