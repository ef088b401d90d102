// The server in front of models that do as they are told: what it answers, what it refuses, and with which words.
import { afterEach, describe, expect, it } from 'vitest';
import { parseExposition } from '../../test/prometheus-text.js';
import { type FakeServerOptions, fakeServer, jsonPost } from '../../test/serving-fakes.js';
import { UserError } from '../errors.js';
import { ScoringFailure } from '../scoring/scoring-failure.js';
import { BearerToken } from './bearer-token.js';
import { operations } from './operations.js';
import { schemas } from './schemas.js';

type Fake = Awaited<ReturnType<typeof fakeServer>>;
let started: Fake[] = [];
afterEach(async () => {
  for (const { close } of started) await close();
  started = [];
});
async function start(options?: FakeServerOptions): Promise<Fake> {
  const fake = await fakeServer(options);
  started.push(fake);
  return fake;
}

const rows = [{ user: 'abc' }, { user: 'u1', price: 10 }];
const tensors = { inputs: [{ name: 'user', datatype: 'BYTES', shape: [2], data: ['abc', 'u1'] }] };

async function metric(
  fake: Fake,
  name: string,
  labels: Record<string, string> = {},
): Promise<number | undefined> {
  const { families } = parseExposition((await fake.server.app.inject('/metrics')).body);
  return families
    .flatMap(({ samples }) => samples)
    .find(
      (sample) =>
        sample.name === name &&
        Object.entries(labels).every(([label, value]) => sample.labels[label] === value),
    )?.value;
}

describe('answers', () => {
  it('to every documented operation, in the documented shape', async () => {
    const { server } = await start({ models: ['ctr@1=somewhere'] });
    for (const { method, path, request, response } of operations) {
      const url = path.replace('{name}', 'ctr').replace('{version}', '1');
      const body = request === 'InferRequest' ? tensors : rows;
      const answer = await server.app.inject(method === 'post' ? jsonPost(url, body) : url);
      expect([url, answer.statusCode, answer.body]).toEqual([url, 200, expect.stringMatching(/./)]);
      if (typeof response !== 'string') {
        expect(answer.headers['content-type']).toMatch(response.type);
        continue;
      }
      expect(answer.headers['content-type']).toBe('application/json; charset=utf-8');
      expect([url, schemas[response].safeParse(answer.json()).error]).toEqual([url, undefined]);
    }
  });

  it('with what the model makes of the rows', async () => {
    const { server, opened } = await start();
    const predicted = (await server.app.inject(jsonPost('/predict', rows))).json();
    expect(predicted).toEqual({
      model: 'ctr',
      version: 'somewhere-0',
      logits: [3, 4],
      probabilities: [...Float32Array.of(3, 4)].map((x) => Math.fround(1 / (1 + Math.exp(-x)))),
      oov: { user: 2 },
    });
    expect(opened[0].seen).toEqual([{ user: 'abc' }, { user: 'u1', price: '10' }]);
    const inferred = (
      await server.app.inject(jsonPost('/v2/models/ctr/infer', { ...tensors, id: '7' }))
    ).json();
    expect(inferred).toMatchObject({
      id: '7',
      model_name: 'ctr',
      outputs: [{ name: 'probability' }, { data: [3, 2] }],
    });
  });

  it('the page needs nothing from elsewhere, and runs nothing', async () => {
    const { server } = await start();
    const { body, headers } = await server.app.inject('/');
    expect(body).not.toMatch(/<script|<link|<img|src=|url\(|@import|https?:\/\/(?!HOST\/)/);
    expect(headers['content-security-policy']).toMatch(/^default-src 'none'/);
    const description = (await server.app.inject('/openapi.json')).json();
    expect(Object.keys(description.paths)).toEqual([...new Set(operations.map(({ path }) => path))]);
    const references = JSON.stringify(description).match(/#\/components\/schemas\/\w+/g) ?? [];
    for (const reference of references)
      expect(Object.keys(description.components.schemas)).toContain(reference.split('/').at(-1));
  });

  it('to JSON that says that it is UTF-8', async () => {
    const { server } = await start();
    for (const charset of ['utf-8', '"UTF-8"']) {
      const type = { 'content-type': `application/json; charset=${charset}` };
      expect((await server.app.inject(jsonPost('/predict', rows, type))).statusCode).toBe(200);
    }
  });

  it('of the version that is asked for', async () => {
    const { server } = await start({ models: ['ctr@1=a', 'ctr=c', 'ctr@2=b', 'other=d'] });
    const version = async (url: string) => (await server.app.inject(jsonPost(url, rows))).json().version;
    expect(await version('/predict/ctr')).toBe('c-1');
    expect(await version('/predict/ctr/versions/c-1')).toBe('c-1');
    expect(await version('/predict/ctr/versions/2')).toBe('2');
    expect(await version('/predict/other')).toBe('d-3');
    expect((await server.app.inject('/v2/models/ctr')).json().versions).toEqual(['1', '2', 'c-1']);
    expect((await server.app.inject(jsonPost('/predict', rows))).json().error).toBe(
      'There are several models (ctr, other); say which: POST /predict/ctr.',
    );
    expect((await server.app.inject(jsonPost('/predict/ctr/versions/3', rows))).json()).toEqual({
      error: "The model 'ctr' has no such version (known: 1, 2, c-1).",
    });
  });
});

describe('refuses', () => {
  const refusals: [
    what: string,
    request: ReturnType<typeof jsonPost> | string,
    status: number,
    sentence: RegExp,
  ][] = [
    ['no JSON', jsonPost('/predict', '[{'), 400, /^The body is no JSON/],
    ['an empty body', jsonPost('/predict', ''), 400, /^The body is no JSON/],
    [
      'an unknown column',
      jsonPost('/predict', [{ usr: 1 }]),
      400,
      /unknown column 'usr' \(known: click, user/,
    ],
    ['a key that stands twice', jsonPost('/predict', '[{"user":1,"user":2}]'), 400, /'user' stands twice/],
    ['__proto__', jsonPost('/predict', '[{"__proto__":{"user":1}}]'), 400, /unknown column '__proto__'/],
    ['too many rows', jsonPost('/predict', Array(21).fill({})), 400, /has 21 rows \(allowed: 1 to 20\)/],
    ['a long text', jsonPost('/predict', [{ user: 'x'.repeat(51) }]), 400, /a text of up to 50 characters/],
    ['a large body', jsonPost('/predict', ' '.repeat(3000)), 413, /up to 2000 bytes/],
    ['text/plain', jsonPost('/predict', rows, { 'content-type': 'text/plain' }), 415, /application\/json/],
    [
      'latin 1',
      jsonPost('/predict', rows, { 'content-type': 'application/json; charset=latin1' }),
      415,
      /utf-8/,
    ],
    ['no content type', jsonPost('/predict', rows, { 'content-type': '' }), 415, /application\/json/],
    ['gzip', jsonPost('/predict', rows, { 'content-encoding': 'gzip' }), 415, /content encoding/],
    [
      'a foreign Host',
      jsonPost('/predict', rows, { host: 'evil.example' }),
      403,
      /not called 'evil.example'/,
    ],
    [
      'a foreign Origin',
      jsonPost('/predict', rows, { origin: 'http://evil.example' }),
      403,
      /may not post here/,
    ],
    ['no token', jsonPost('/predict', rows, { authorization: '' }), 401, /wants a token/],
    ['an unknown model', jsonPost('/predict/..%2f..%2fetc', rows), 404, /no such model \(known: ctr\)/],
    ['a model that is a path', jsonPost('/v2/models/..%2fctr/infer', tensors), 404, /no such model/],
    ['a prototype as a model', '/v2/models/__proto__', 404, /no such model/],
    ['an unknown address', '/v1/models', 404, /nothing here/],
    ['a broken address', '/v2/models/%', 400, /malformed/],
    ['GET of a POST', '/predict', 404, /nothing here/],
    [
      'metrics without a token',
      { ...jsonPost('/metrics', ''), method: 'GET' as never, headers: {} as never },
      401,
      /wants a token/,
    ],
  ];

  it.each(refusals)('%s', async (what, request, status, sentence) => {
    const token = BearerToken.parse('0123456789abcdef', 'token');
    const { server, opened } = await start({ token, limits: { rows: 20, textLength: 50, bodyBytes: 2000 } });
    const asked = typeof request === 'string' ? { url: request, headers: {} } : request;
    const authorization = what.includes('token') ? {} : { authorization: 'Bearer 0123456789abcdef' };
    const answer = await server.app.inject({ ...asked, headers: { ...authorization, ...asked.headers } });
    expect([answer.statusCode, answer.json()]).toEqual([status, { error: expect.stringMatching(sentence) }]);
    expect(opened[0].seen).toEqual([]);
  });

  it('no health check for want of a token', async () => {
    const { server } = await start({ token: BearerToken.parse('0123456789abcdef', 'token') });
    expect((await server.app.inject('/v2/health/ready')).statusCode).toBe(200);
  });

  it('nothing unknown where that was asked for', async () => {
    const { server } = await start({ ignoreUnknown: true });
    const answer = await server.app.inject(
      jsonPost('/predict', '[{"usr":{"a":1},"user":"a","user":"abcd"}]'),
    );
    expect(answer.statusCode).toBe(200);
  });

  it('a row that the model cannot read, with its sentence', async () => {
    const fake = await start();
    fake.opened[0].failure = new UserError("Row 0, column 'size': found 'x', expected a number or nothing.");
    const answer = await fake.server.app.inject(jsonPost('/predict', rows));
    expect([answer.statusCode, answer.json().error]).toEqual([400, fake.opened[0].failure.message]);
  });
});

describe('fails', () => {
  it('with 503 and Retry-After when a worker died, and goes on', async () => {
    const fake = await start();
    fake.opened[0].failure = new ScoringFailure('died at address 0x12');
    const answer = await fake.server.app.inject(jsonPost('/predict', rows));
    expect([answer.statusCode, answer.headers['retry-after']]).toEqual([503, '1']);
    expect(answer.json().error).toBe('The worker that scored this request died; try again.');
    fake.opened[0].failure = undefined;
    expect((await fake.server.app.inject(jsonPost('/predict', rows))).statusCode).toBe(200);
    expect(await metric(fake, 'bitrow_refused_requests_total', { reason: 'worker_failure' })).toBe(1);
  });

  it('with 500 and no word of the inside at a defect', async () => {
    const fake = await start();
    fake.opened[0].failure = new TypeError('secret at /home/me');
    const answer = await fake.server.app.inject(jsonPost('/predict', rows));
    expect([answer.statusCode, answer.body]).toEqual([500, expect.not.stringMatching(/secret|home/)]);
  });

  it('with 503 when the queue is full, before it reads the body', async () => {
    const fake = await start({ limits: { queueRows: 4, rows: 4 } });
    const [model] = fake.opened;
    model.isHeld = true;
    const ask = (body: unknown) => fake.server.app.inject(jsonPost('/predict', body));
    const waiting = [ask(rows), ask([rows[0]])];
    await new Promise((resolve) => setTimeout(resolve, 20));
    const tooMuch = await ask(rows);
    expect([tooMuch.statusCode, tooMuch.headers['retry-after']]).toEqual([503, '1']);
    expect(tooMuch.json().error).toBe("The model 'ctr' has 3 rows waiting (allowed: 4); try again.");
    waiting.push(ask([rows[0]]));
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(await metric(fake, 'bitrow_queue_rows', { model: 'ctr' })).toBe(4);
    expect((await ask('no JSON')).statusCode).toBe(503);
    expect(await metric(fake, 'bitrow_refused_requests_total', { reason: 'overload' })).toBe(2);
    model.release();
    expect((await Promise.all(waiting)).map(({ statusCode }) => statusCode)).toEqual([200, 200, 200]);
    expect((await ask(rows)).statusCode).toBe(200);
  });

  it('with 503 when the model does not answer in time', async () => {
    const fake = await start({ limits: { requestTimeoutMs: 40 } });
    fake.opened[0].isHeld = true;
    const answer = await fake.server.app.inject(jsonPost('/predict', rows));
    expect([answer.statusCode, answer.json().error]).toEqual([
      503,
      'The request was not answered within 40 ms; try again.',
    ]);
    fake.opened[0].release();
    expect((await fake.server.app.inject(jsonPost('/predict', rows))).statusCode).toBe(200);
  });
});

describe('metrics', () => {
  it('say what was answered, of which model', async () => {
    const fake = await start({ models: ['ctr=a', 'ctr@7=b'] });
    const { app } = fake.server;
    await app.inject(jsonPost('/predict/ctr', rows));
    await app.inject(jsonPost('/predict/ctr/versions/7', [rows[0]]));
    await app.inject(jsonPost('/predict/ctr', '['));
    expect(await metric(fake, 'bitrow_requests_total', { route: 'predict', code: '200' })).toBe(2);
    expect(await metric(fake, 'bitrow_requests_total', { route: 'predict', code: '400' })).toBe(1);
    expect(await metric(fake, 'bitrow_rows_total', { model: 'ctr' })).toBe(2);
    expect(await metric(fake, 'bitrow_rows_total', { model: 'ctr', version: '7' })).toBe(1);
    expect(await metric(fake, 'bitrow_oov_values_total', { model: 'ctr', field: 'user' })).toBe(2);
    expect(await metric(fake, 'bitrow_predicted_probability_sum', { version: '7' })).toBeCloseTo(
      1 / (1 + Math.exp(-3)),
    );
    expect(await metric(fake, 'bitrow_table_bytes', { version: '7' })).toBe(1000);
    expect(await metric(fake, 'bitrow_model_info', { model: 'ctr', version: 'a-0', kind: 'run' })).toBe(1);
    expect(await metric(fake, 'bitrow_ready')).toBe(1);
  });
});

it('is not ready before its models are loaded, and says so', async () => {
  const { server } = await start({ isLoaded: false });
  const ask = async () => [
    (await server.app.inject('/v2/health/live')).statusCode,
    (await server.app.inject('/v2/health/ready')).statusCode,
    (await server.app.inject('/v2/models/ctr/ready')).statusCode,
    (await server.app.inject(jsonPost('/predict', rows))).statusCode,
  ];
  expect(await ask()).toEqual([200, 503, 503, 503]);
  await server.load();
  expect(await ask()).toEqual([200, 200, 200, 200]);
});
