// Both protocols: what rows come of a request, what is refused in which words, and what a response says.
import { expect, it } from 'vitest';
import { fakeSchema, textRows } from '../../test/serving-fakes.js';
import { inferResponse, readInferRequest } from './infer-protocol.js';
import { modelColumns } from './model-columns.js';
import { numbersJson, predictResponse, readPredictRequest } from './predict-protocol.js';

const columns = modelColumns(fakeSchema);
const rules = { rows: 10, textLength: 100, ignoreUnknown: false };
const infer = (body: unknown, ignoreUnknown = false) =>
  readInferRequest(Buffer.from(JSON.stringify(body)), columns, { ...rules, ignoreUnknown });
const predict = (body: unknown, ignoreUnknown = false) =>
  textRows(
    readPredictRequest(Buffer.from(JSON.stringify(body)), columns, { ...rules, ignoreUnknown }),
    columns.inputs.map(({ name }) => name),
  );
const input = (name: string, datatype: string, data: unknown[], shape = [data.length]) => ({
  name,
  datatype,
  shape,
  data,
});

it('the metadata of a model asks for its raw columns', () => {
  expect(columns.inputs).toEqual([
    { name: 'user', datatype: 'BYTES' },
    { name: 'size', datatype: 'FP64' },
    { name: 'when', datatype: 'INT64' },
    { name: 'price', datatype: 'FP64' },
  ]);
  const mixed = modelColumns({
    label: 'y = 1',
    fields: [
      { name: 'a', value: { kind: 'column', column: 'x' } },
      { name: 'b', value: { kind: 'bucket', column: 'x', small: 'one' } },
    ],
  });
  expect(mixed.inputs).toEqual([{ name: 'x', datatype: 'BYTES' }]);
});

it('the metadata of a model that takes ids asks for its fields and numbers', () => {
  expect(modelColumns(fakeSchema, true).inputs).toEqual([
    { name: 'user', datatype: 'INT64' },
    { name: 'size', datatype: 'INT64' },
    { name: 'hour', datatype: 'INT64' },
    { name: 'price', datatype: 'FP64' },
  ]);
});

it('tensors become rows, and what is absent is missing', () => {
  const { id, rows, outputs } = infer({
    id: 'a',
    inputs: [
      input('user', 'BYTES', ['u1', '']),
      input('price', 'FP32', [0.1, null]),
      input('size', 'INT64', ['4', 5]),
    ],
    outputs: [{ name: 'logit' }],
  });
  expect({ id, outputs }).toEqual({ id: 'a', outputs: ['logit'] });
  expect(rows).toEqual([
    { user: 'u1', price: Math.fround(0.1), size: 4n },
    { user: null, price: null, size: 5 },
  ]);
});

it.each<[unknown, string]>([
  [
    { inputs: [input('usr', 'BYTES', ['a'])] },
    "The request has the unknown column 'usr' (known: click, user, size, when, price).",
  ],
  [
    { inputs: [input('user', 'TEXT', ['a'])] },
    "The datatype of input 'user' is 'TEXT' (allowed: BYTES, BOOL, INT8,",
  ],
  [
    { inputs: [input('user', 'BYTES', ['a'], [2])] },
    "The data of input 'user' is 1 elements, but its shape says 2 elements.",
  ],
  [
    { inputs: [input('user', 'BYTES', ['a'], [1, 3])] },
    "The shape of input 'user' is [1,3] (allowed: [rows] or [rows, 1]).",
  ],
  [
    { inputs: [input('size', 'INT64', [1, 2 ** 53])] },
    "Row 1, input 'size': found 9007199254740992, expected a whole number from -9223372036854775808 to 9223372036854775807 (from 2^53 on as a text), or null.",
  ],
  [{ inputs: [input('user', 'BYTES', Array(11).fill('a'))] }, 'The request has 11 rows (allowed: 1 to 10).'],
  [
    { inputs: [], more: 1 },
    "The body has the unknown field 'more' (known: id, inputs, outputs, parameters).",
  ],
])('a wrong infer request %# is refused by name', (body, sentence) => {
  expect(() => infer(body)).toThrow(sentence);
});

it.each<[unknown, string]>([
  [{ user: 'u' }, 'The body is an object, but must be an array of rows'],
  [
    [{ user: 'u' }, { usr: 'u' }],
    "Row 1 has the unknown column 'usr' (known: click, user, size, when, price).",
  ],
  [
    [{ user: ['u'] }],
    "Row 0, column 'user': found a list, expected a text of up to 100 characters, a number",
  ],
  [[{ size: 2 ** 60 }], "Row 0, column 'size': found 1152921504606847000, expected"],
])('a wrong predict request %# is refused by name', (body, sentence) => {
  expect(() => predict(body)).toThrow(sentence);
});

it('what is unknown or stands twice is let pass where that was asked for', () => {
  expect(predict([{ usr: { deep: 1 }, user: 'u' }], true)).toEqual([{ user: 'u' }]);
  const { rows } = infer(
    {
      extra: 1,
      inputs: [
        input('usr', 'X', [1]),
        input('user', 'BYTES', ['a']),
        { ...input('user', 'BYTES', ['b']), extra: {} },
      ],
    },
    true,
  );
  expect(rows).toEqual([{ user: 'b' }]);
  expect(() => infer({ inputs: [input('usr', 'BYTES', ['a'])] }, true)).toThrow(
    'No input is one of the model',
  );
});

it('responses are JSON whose numbers read back in every bit', () => {
  const logits = Float32Array.of(-0, 0.1, -3.4e38, 1e-45, 1);
  expect(Object.is(JSON.parse(numbersJson(logits))[0], -0)).toBe(true);
  expect(Float32Array.from(JSON.parse(numbersJson(logits)))).toEqual(logits);
  const prediction = { logits, probabilities: logits, oov: { user: 2, size: 0, hour: 1 } };
  expect(JSON.parse(predictResponse('ctr', 'v', prediction))).toMatchObject({
    model: 'ctr',
    version: 'v',
    oov: { user: 2, hour: 1 },
  });
  const both = JSON.parse(
    inferResponse('ctr', 'v', { id: 'say "x"', outputs: ['logit', 'probability'] }, prediction),
  );
  expect(both).toMatchObject({
    model_name: 'ctr',
    model_version: 'v',
    id: 'say "x"',
    parameters: { oov: 3 },
  });
  expect(both.outputs.map(({ name, shape }: { name: string; shape: number[] }) => [name, shape])).toEqual([
    ['logit', [5]],
    ['probability', [5]],
  ]);
  expect('id' in JSON.parse(inferResponse('ctr', 'v', { id: undefined, outputs: [] }, prediction))).toBe(
    false,
  );
});
