// The client against a real server on a port, and against answers that no bitrow gives.
import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, expectTypeOf, it } from 'vitest';
import type * as z from 'zod';
import { type FakeServerOptions, fakeServer } from '../../test/serving-fakes.js';
import { ScoringFailure } from '../scoring/scoring-failure.js';
import { BearerToken } from './bearer-token.js';
import {
  Client,
  ClientError,
  type ClientOptions,
  type ClientPrediction,
  type ModelDescription,
} from './client.js';
import type { schemas } from './schemas.js';

type Fake = Awaited<ReturnType<typeof fakeServer>>;
const started: Fake[] = [];
afterEach(async () => {
  for (const { close } of started.splice(0)) await close();
});
async function clientOf(options?: FakeServerOptions, clientOptions?: ClientOptions) {
  const fake = await fakeServer(options);
  started.push(fake);
  const address = await fake.server.listen();
  return { fake, client: new Client(`${address}/`, clientOptions) };
}

describe('the client', () => {
  it('scores rows of any cells', async () => {
    const { fake, client } = await clientOf();
    const { version, logits, oov } = await client.predict([
      { user: 'é', size: 9007199254740993n, when: new Date(0), price: null, click: undefined },
      { user: true, price: 1.5 },
    ]);
    expect({ version, logits, oov }).toEqual({ version: 'somewhere-0', logits: [36, 7], oov: { user: 2 } });
    expect(fake.opened[0].seen).toEqual([
      { user: 'é', size: '9007199254740993', when: '1970-01-01 00:00:00' },
      { user: 'true', price: '1.5' },
    ]);
    await expect(client.predict([{}, { price: Number.NaN }])).rejects.toThrow(
      "Row 1, column 'price': NaN cannot be sent",
    );
  });

  it('asks one model, one version, with its token', async () => {
    const text = '0123456789abcdef';
    const { client, fake } = await clientOf(
      { models: ['a=x', 'b@1=y'], token: BearerToken.parse(text, '') },
      { token: text },
    );
    expect((await client.predict([{}], { model: 'b', version: '1' })).model).toBe('b');
    expect((await client.describe('a')).inputs[0]).toEqual({ name: 'user', datatype: 'BYTES', shape: [-1] });
    expect([await client.isReady(), await client.isReady('b'), await client.isReady('c')]).toEqual([
      true,
      true,
      false,
    ]);
    const stranger = new Client(await addressOf(fake));
    await expect(stranger.predict([{}])).rejects.toMatchObject({ name: 'ClientError', status: 401 });
  });

  it('says what the server says', async () => {
    const { client } = await clientOf();
    await expect(client.predict([{ usr: 1 }])).rejects.toThrow("Row 0 has the unknown column 'usr'");
    await expect(client.predict([{ usr: 1 }])).rejects.toBeInstanceOf(ClientError);
    const proxied = new Client('http://x', {
      fetch: async () => new Response('<html>', { status: 502, statusText: 'Bad Gateway' }),
    });
    await expect(proxied.predict([{}])).rejects.toThrow('The server answered 502 Bad Gateway.');
  });

  it('asks again after a 503, as often as it may', async () => {
    const asked: string[] = [];
    const fetch: ClientOptions['fetch'] = async (url) => {
      asked.push(String(url));
      const headers = { 'retry-after': '0' };
      if (asked.length < 3) return new Response('{"error":"busy"}', { status: 503, headers });
      return new Response('{"model":"m"}');
    };
    expect(await new Client('http://x', { fetch }).predict([{}])).toEqual({ model: 'm' });
    asked.length = 0;
    await expect(new Client('http://x', { fetch, retries: 1 }).predict([{}])).rejects.toThrow('busy');
    const { client, fake } = await clientOf({}, { retries: 0 });
    fake.opened[0].failure = new ScoringFailure('dead');
    await expect(client.predict([{}])).rejects.toMatchObject({ status: 503 });
  });

  it('gives up in time, and when it is told to', async () => {
    const { client, fake } = await clientOf({}, { timeoutMs: 50 });
    fake.opened[0].isHeld = true;
    await expect(client.predict([{}])).rejects.toMatchObject({ name: 'TimeoutError' });
    await expect(client.predict([{}], { signal: AbortSignal.abort(new Error('enough')) })).rejects.toThrow(
      'enough',
    );
    expect(await new Client('http://127.0.0.1:1').isReady()).toBe(false);
  });

  it('imports nothing', () => {
    const compiled = readFileSync(new URL('./client.js', import.meta.url), 'utf8');
    expect(compiled).not.toMatch(/^\s*import |\bimport\(|\brequire\(|\bprocess\b|\bBuffer\b/m);
  });

  it('has the types that are documented', () => {
    expectTypeOf<ClientPrediction>().toEqualTypeOf<z.infer<typeof schemas.PredictResponse>>();
    expectTypeOf<ModelDescription>().toEqualTypeOf<z.infer<typeof schemas.ModelMetadata>>();
  });
});

async function addressOf(fake: Fake): Promise<string> {
  const address = fake.server.app.server.address();
  return typeof address === 'object' && address ? `http://127.0.0.1:${address.port}` : '';
}
