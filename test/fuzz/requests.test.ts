// Fuzzing of the readers of requests: every saved one has the outcome it was saved with, and thousands that are damaged
// at random, or made of any JSON, keep the rules of requests.ts. What the readers take, the documented schemas take too.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { schemas } from '../../src/serving/schemas.js';
import { mutate } from './mutate.js';
import {
  type Protocol,
  requestFormat,
  requestReaders,
  requestRefusal,
  requestRules,
  savedRequests,
} from './requests.js';

const documented = { infer: schemas.InferRequest, predict: schemas.PredictRequest } as const;

describe.each(Object.keys(requestReaders) as Protocol[])('%s', (protocol) => {
  const saved = savedRequests(protocol);
  const decoder = new TextDecoder();

  it.each(saved)('$name', ({ bytes, isRead }) => {
    const refusal = requestRefusal(protocol, bytes.toString());
    expect(refusal === undefined ? 'read' : refusal).toEqual(isRead ? 'read' : expect.stringMatching(/\w/));
  });

  it('the saved requests are refused for many different reasons', () => {
    const refused = saved.filter(({ isRead }) => !isRead);
    const reasons = new Set(refused.map(({ bytes }) => requestRefusal(protocol, bytes.toString())));
    expect(reasons.size).toBeGreaterThan(refused.length / 2);
  });

  it('what is read is what is documented', () => {
    let read = 0;
    fc.assert(
      fc.property(fc.nat(), (seed) => {
        const text = decoder.decode(
          mutate(
            seed,
            saved.map(({ bytes }) => bytes),
            requestFormat,
          ),
        );
        for (const ignoreUnknown of [false, true]) {
          if (requestRefusal(protocol, text, { ...requestRules, ignoreUnknown }) !== undefined) continue;
          if (ignoreUnknown) continue;
          read++;
          const { error } = documented[protocol].safeParse(JSON.parse(text));
          expect(error && [text, error.message]).toBeUndefined();
        }
      }),
      { numRuns: 3000 },
    );
    // Damage leaves few readable, and none would make this test empty.
    expect(read).toBeGreaterThan(0);
  });

  it('any JSON is read or refused in a sentence', () => {
    const key = fc.oneof(
      fc.constantFrom('inputs', 'name', 'shape', 'datatype', 'data', 'user', 'size', '__proto__', 'outputs'),
      fc.string({ maxLength: 3 }),
    );
    const json = fc.letrec((tie) => ({
      value: fc.oneof(
        { maxDepth: 6 },
        fc.constantFrom('BYTES', 'user', 'INT64', 1, 0, null, true, 'logit'),
        fc.double(),
        fc.array(tie('value'), { maxLength: 3 }),
        fc.dictionary(key, tie('value'), { maxKeys: 5 }),
      ),
    })).value;
    fc.assert(
      fc.property(json, fc.boolean(), (value, ignoreUnknown) => {
        const body = protocol === 'predict' ? [value] : { inputs: [value] };
        requestRefusal(protocol, JSON.stringify(body), { ...requestRules, ignoreUnknown });
      }),
      { numRuns: 2000 },
    );
  });
});
