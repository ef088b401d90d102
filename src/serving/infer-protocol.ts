// The Open Inference Protocol v2 in JSON: tensors by column ↔ raw rows. A tensor has one element per row, of shape
// [rows] or [rows, 1]; a column without a tensor is missing in all rows, as null and "" are in one (our extension:
// the protocol knows no missing values). Parameters may be there and have no effect. schemas.ts has the same in zod,
// for documentation; here it is read by hand, since it is read for every request.
// https://github.com/kserve/open-inference-protocol/blob/main/specification/protocol/inference_rest.md
import type { Cell } from '../schema/cell.js';
import type { RawRow } from '../schema/rows.js';
import type { Prediction } from '../scoring/open.js';
import { type DatatypeName, datatypeNames, datatypes, shownValue, tensorCell } from './cells.js';
import { parseJson, requireUniqueKeys } from './json-body.js';
import type { ModelColumns } from './model-columns.js';
import {
  numbersJson,
  type ReadingRules,
  requireRowCount,
  shortened,
  unknownColumn,
} from './predict-protocol.js';
import { badRequest } from './request-error.js';

/** What a model answers with, in this order where a request does not choose. */
export const outputNames = ['probability', 'logit'] as const;
export type OutputName = (typeof outputNames)[number];

export interface InferRequest {
  id: string | undefined;
  rows: RawRow[];
  outputs: readonly OutputName[];
}

type Fields = Record<string, unknown>;

/** Reads a request. @throws RequestError naming the field and what is allowed */
export function readInferRequest(
  body: Buffer,
  { known }: Pick<ModelColumns, 'known'>,
  rules: ReadingRules,
): InferRequest {
  const reader = new InferReader(known, rules);
  const text = body.toString();
  const request = reader.read(parseJson(text));
  if (!rules.ignoreUnknown) requireUniqueKeys(text, reader.keys);
  return request;
}

const requestFields = new Set(['id', 'inputs', 'outputs', 'parameters']);
const inputFields = new Set(['name', 'shape', 'datatype', 'data', 'parameters']);
const outputFields = new Set(['name', 'parameters']);

class InferReader {
  /** Keys of all objects that were looked into. */
  keys = 0;
  private readonly rows: Record<string, Cell>[] = [];
  private readonly seen = new Set<string>();

  constructor(
    private readonly known: ReadonlySet<string>,
    private readonly rules: ReadingRules,
  ) {}

  read(body: unknown): InferRequest {
    const { id, inputs, outputs } = this.fields('The body', body, requestFields);
    if (id !== undefined && (typeof id !== 'string' || id.length > this.rules.textLength)) {
      throw badRequest(`The field 'id' is ${shownValue(id)}, but must be a text.`);
    }
    if (!Array.isArray(inputs) || inputs.length === 0) {
      throw badRequest(`The field 'inputs' is ${shownValue(inputs)}, but must be a list of tensors.`);
    }
    for (let i = 0; i < inputs.length; i++) this.readInput(`inputs[${i}]`, inputs[i]);
    if (this.rows.length === 0)
      throw badRequest(`No input is one of the model (known: ${[...this.known].join(', ')}).`);
    return { id, rows: this.rows, outputs: outputs === undefined ? outputNames : this.readOutputs(outputs) };
  }

  private readInput(place: string, input: unknown): void {
    const { name, shape, datatype, data } = this.fields(place, input, inputFields);
    if (typeof name !== 'string')
      throw badRequest(`The field '${place}.name' is ${shownValue(name)}, but must be a text.`);
    const { known, seen, rules } = this;
    if (!known.has(name)) {
      if (rules.ignoreUnknown) return;
      throw unknownColumn('The request', name, known);
    }
    if (seen.has(name) && !rules.ignoreUnknown) throw badRequest(`The input '${name}' stands twice.`);
    const rows = this.readShape(name, shape);
    if (seen.size === 0) for (let i = 0; i < rows; i++) this.rows.push({});
    else if (rows !== this.rows.length) {
      throw badRequest(`The input '${name}' has ${rows} rows, but the ones before it ${this.rows.length}.`);
    }
    seen.add(name);
    this.readData(name, requireDatatype(name, datatype), data);
  }

  private readShape(name: string, shape: unknown): number {
    const isColumn = Array.isArray(shape) && (shape.length === 1 || (shape.length === 2 && shape[1] === 1));
    if (!isColumn || !Number.isSafeInteger(shape[0])) {
      throw badRequest(
        `The shape of input '${name}' is ${JSON.stringify(shape)?.slice(0, 60)} (allowed: [rows] or [rows, 1]).`,
      );
    }
    requireRowCount(shape[0], this.rules.rows);
    return shape[0];
  }

  private readData(name: string, datatype: DatatypeName, data: unknown): void {
    const { rows } = this;
    if (!Array.isArray(data) || data.length !== rows.length) {
      const found = Array.isArray(data) ? `${data.length} elements` : shownValue(data);
      throw badRequest(
        `The data of input '${name}' is ${found}, but its shape says ${rows.length} elements.`,
      );
    }
    const { textLength } = this.rules;
    for (let i = 0; i < rows.length; i++) {
      const element: unknown = data[i];
      // Of shape [rows, 1] the data may be flat or nested.
      const value = Array.isArray(element) && element.length === 1 ? element[0] : element;
      const cell = tensorCell(datatype, value, textLength);
      if (cell === undefined) {
        throw badRequest(
          `Row ${i}, input '${name}': found ${shownValue(value)}, expected ${datatypes[datatype].allowed(textLength)}.`,
        );
      }
      rows[i][name] = cell;
    }
  }

  private readOutputs(outputs: unknown): OutputName[] {
    if (!Array.isArray(outputs) || outputs.length > outputNames.length) {
      throw badRequest(`The field 'outputs' must be a list of up to ${outputNames.length} outputs.`);
    }
    const names = outputs.map((output, i) => {
      const { name } = this.fields(`outputs[${i}]`, output, outputFields);
      const found = outputNames.find((known) => known === name);
      if (found) return found;
      throw badRequest(
        `The field 'outputs[${i}].name' is ${shownValue(name)} (allowed: ${outputNames.join(', ')}).`,
      );
    });
    if (new Set(names).size < names.length) throw badRequest(`An output stands twice in 'outputs'.`);
    return names.length === 0 ? [...outputNames] : names;
  }

  /** An object's fields. @throws RequestError for one that is not known */
  private fields(place: string, value: unknown, known: ReadonlySet<string>): Fields {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw badRequest(`${place} is ${shownValue(value)}, but must be an object.`);
    }
    for (const key in value) {
      this.keys++;
      if (known.has(key) || this.rules.ignoreUnknown) continue;
      throw badRequest(
        `${place} has the unknown field '${shortened(key)}' (known: ${[...known].join(', ')}).`,
      );
    }
    const { parameters } = value as Fields;
    if (parameters !== undefined) this.readParameters(place, parameters);
    return value as Fields;
  }

  private readParameters(place: string, parameters: unknown): void {
    if (typeof parameters !== 'object' || parameters === null || Array.isArray(parameters)) {
      throw badRequest(`The parameters of ${place} are ${shownValue(parameters)}, but must be an object.`);
    }
    for (const key in parameters) {
      this.keys++;
      const value = (parameters as Fields)[key];
      if (typeof value !== 'object') continue;
      throw badRequest(
        `The parameter '${shortened(key)}' of ${place} must be a text, a number, true or false.`,
      );
    }
  }
}

function requireDatatype(name: string, datatype: unknown): DatatypeName {
  if (typeof datatype === 'string' && Object.hasOwn(datatypes, datatype)) return datatype as DatatypeName;
  throw badRequest(
    `The datatype of input '${name}' is ${shownValue(datatype)} (allowed: ${datatypeNames.join(', ')}).`,
  );
}

/** The response, as JSON. */
export function inferResponse(
  model: string,
  version: string,
  { id, outputs }: Pick<InferRequest, 'id' | 'outputs'>,
  { logits, probabilities, oov }: Prediction,
): string {
  const data = { probability: probabilities, logit: logits } satisfies Record<OutputName, Float32Array>;
  const tensors = outputs.map(
    (name) =>
      `{"name":"${name}","datatype":"FP32","shape":[${data[name].length}],"data":${numbersJson(data[name])}}`,
  );
  let unseen = 0;
  for (const field in oov) unseen += oov[field];
  const head = `{"model_name":"${model}","model_version":"${version}"`;
  const sameId = id === undefined ? '' : `,"id":${JSON.stringify(id)}`;
  return `${head}${sameId},"parameters":{"oov":${unseen}},"outputs":[${tensors.join(',')}]}`;
}
