// What only real connections show: clients that are slow, silent, gone or talk no HTTP, more of them than can be
// served, and a server that stops while they ask.
import { request as httpRequest } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { type FakeServerOptions, fakeServer } from '../../test/serving-fakes.js';

type Fake = Awaited<ReturnType<typeof fakeServer>> & { port: number; address: string };
const started: Fake[] = [];
const sockets: Socket[] = [];
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  for (const { close } of started.splice(0)) await close();
});

async function listen(options: FakeServerOptions = {}): Promise<Fake> {
  const fake = await fakeServer(options);
  const address = await fake.server.listen();
  const all = { ...fake, address, port: (fake.server.app.server.address() as AddressInfo).port };
  started.push(all);
  return all;
}

/** A connection, and all that comes over it until it is closed. */
function talk({ port }: Fake): { socket: Socket; heard: Promise<string> } {
  const socket = connect(port, '127.0.0.1');
  sockets.push(socket);
  let text = '';
  socket.on('data', (chunk) => {
    text += chunk;
  });
  const heard = new Promise<string>((resolve) => {
    socket.on('error', () => {});
    socket.on('close', () => resolve(text));
  });
  return { socket, heard };
}

const body = JSON.stringify([{ user: 'abc' }]);
const head = `POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n`;
const post = (fake: Fake, rows = body) =>
  fetch(`${fake.address}/predict`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: rows,
  });
const soon = (ms = 30) => new Promise((resolve) => setTimeout(resolve, ms));

describe('a client', () => {
  it('that sends its head drop by drop is told so and cut off, while others are served', async () => {
    const fake = await listen({ limits: { requestTimeoutMs: 300 } });
    const { socket, heard } = talk(fake);
    const drops = setInterval(() => socket.write('X'), 20);
    socket.write('POST /predict HTTP/1.1\r\nHost: localhost\r\nX-Drop: ');
    expect((await post(fake)).status).toBe(200);
    expect(await heard).toMatch(
      /^HTTP\/1\.1 408 [\s\S]*\{"error":"The request took too long to arrive\."\}$/,
    );
    clearInterval(drops);
  });

  it('that sends its body drop by drop is cut off', async () => {
    const fake = await listen({ limits: { requestTimeoutMs: 300 } });
    const { socket, heard } = talk(fake);
    socket.write(`${head}\r\n[`);
    expect(await heard).toMatch(/^HTTP\/1\.1 408 /);
    expect(fake.opened[0].seen).toEqual([]);
  });

  it('that connects and says nothing is cut off', async () => {
    const fake = await listen({ limits: { requestTimeoutMs: 300 } });
    expect(await talk(fake).heard).toMatch(/^HTTP\/1\.1 408 |^$/);
  });

  it('that talks no HTTP, or has too much to say of itself, is told so', async () => {
    const fake = await listen({ limits: { headerBytes: 2000 } });
    const noise = talk(fake);
    noise.socket.write('\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n');
    expect(await noise.heard).toMatch(/^HTTP\/1\.1 400 [\s\S]*\{"error":"The request is no HTTP\."\}$/);
    const large = talk(fake);
    large.socket.write(`${head}X-Large: ${'x'.repeat(3000)}\r\n\r\n`);
    expect(await large.heard).toMatch(/^HTTP\/1\.1 431 [\s\S]*\{"error":"The headers are too large\."\}$/);
    expect((await post(fake)).status).toBe(200);
  });

  it('that announces a large body is refused before it sends it', async () => {
    const fake = await listen({ limits: { bodyBytes: 1000 } });
    const { socket, heard } = talk(fake);
    socket.write(`${head.replace(String(body.length), '99999999999')}\r\n`);
    expect(await heard).toMatch(/^HTTP\/1\.1 413 [\s\S]*up to 1000 bytes/);
  });

  it('that sends a body without an end, in chunks, is refused at the limit', async () => {
    const fake = await listen({ limits: { bodyBytes: 1000 } });
    const { socket, heard } = talk(fake);
    socket.write(`${head.replace(/Content-Length.*/, 'Transfer-Encoding: chunked')}\r\n`);
    const chunks = setInterval(() => socket.write(`200\r\n${' '.repeat(512)}\r\n`), 5);
    expect(await heard).toMatch(/^HTTP\/1\.1 413 /);
    clearInterval(chunks);
  });

  it('that is gone before its answer gives back its place in the queue', async () => {
    const fake = await listen({ limits: { queueRows: 100, rows: 100 } });
    const [model] = fake.opened;
    model.isHeld = true;
    const many = JSON.stringify(Array(100).fill({ user: 'a' }));
    const { socket } = talk(fake);
    socket.write(`${head.replace(String(body.length), String(many.length))}\r\n${many}`);
    await soon(60);
    expect(model.queuedRows).toBe(100);
    expect((await post(fake)).status).toBe(503);
    socket.destroy();
    await soon(60);
    expect(model.queuedRows).toBe(0);
    model.release();
    expect((await post(fake)).status).toBe(200);
  });

  it('that asks again over one connection is answered in order', async () => {
    const fake = await listen();
    const { socket, heard } = talk(fake);
    const again = (user: string) => {
      const row = JSON.stringify([{ user }]);
      return `${head.replace(String(body.length), String(row.length))}\r\n${row}`;
    };
    socket.write(['a', 'bb', 'ccc'].map(again).join(''));
    await soon(100);
    socket.end();
    expect([...(await heard).matchAll(/"logits":\[(\d)\]/g)].map(([, logit]) => logit)).toEqual([
      '1',
      '2',
      '3',
    ]);
  });

  it('beyond the connections that there may be is not accepted, and the others are served', async () => {
    const fake = await listen({ limits: { connections: 3 } });
    const held = [talk(fake), talk(fake), talk(fake)];
    await soon();
    expect(await talk(fake).heard).toBe('');
    held[0].socket.destroy();
    await soon();
    expect((await post(fake)).status).toBe(200);
  });
});

describe('more than can be served', () => {
  it('is answered with 200 or 503 and nothing else, and over at once', async () => {
    const fake = await listen({ limits: { queueRows: 20, rows: 20 } });
    const statuses = new Map<number, number>();
    const ask = async () => {
      for (let i = 0; i < 20; i++) {
        const { status } = await post(fake, JSON.stringify(Array(5).fill({ user: 'a' })));
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
      }
    };
    await Promise.all(Array.from({ length: 40 }, ask));
    expect([...statuses.keys()].sort()).toEqual([200, 503]);
    expect((statuses.get(200) ?? 0) + (statuses.get(503) ?? 0)).toBe(800);
    expect((await post(fake)).status).toBe(200);
    expect(fake.opened[0].queuedRows).toBe(0);
  });
});

describe('a server that stops', () => {
  it('answers what it has accepted, also what is still arriving, and accepts nothing more', async () => {
    const fake = await listen();
    const [model] = fake.opened;
    model.isHeld = true;
    const waiting = Array.from({ length: 10 }, () => post(fake));
    const arriving = talk(fake);
    arriving.socket.write(`${head}\r\n${body.slice(0, 5)}`);
    const idle = talk(fake);
    idle.socket.write('GET /v2/health/live HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await soon(100);
    const closing = fake.close();
    started.length = 0;
    await soon(50);
    await expect(post(fake)).rejects.toThrow();
    // A connection that was idle still may ask, and hears that it is over.
    idle.socket.write('GET /v2/health/ready HTTP/1.1\r\nHost: localhost\r\n\r\n');
    arriving.socket.write(body.slice(5));
    await soon(50);
    model.release();
    for (const response of await Promise.all(waiting)) {
      expect([response.status, response.headers.get('connection')]).toEqual([200, 'close']);
    }
    expect(await arriving.heard).toMatch(/^HTTP\/1\.1 200 [\s\S]*"logits":\[3\]/);
    expect(await idle.heard).toMatch(/503[\s\S]*connection: close[\s\S]*\{"live":true,"ready":false\}$/i);
    expect(await closing).toBe(0);
    expect(model.isClosed).toBe(true);
  });

  it('cuts off who does not end in time', async () => {
    const fake = await listen({ limits: { drainMs: 100 } });
    fake.opened[0].isHeld = true;
    const request = httpRequest({
      port: fake.port,
      method: 'POST',
      path: '/predict',
      headers: { 'content-type': 'application/json' },
    });
    const failed = new Promise((resolve) => request.on('error', resolve));
    request.end(body);
    await soon(60);
    started.length = 0;
    expect(await fake.close()).toBe(1);
    expect(await failed).toMatchObject({ code: 'ECONNRESET' });
  });
});
