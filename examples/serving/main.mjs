// @ts-check
// A model behind HTTP: train once, start `bitrow serve`, ask with the client and with curl (ask.sh), stop. In your own
// project the server is `npx bitrow serve RUN`, on a machine of its own.
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { prepare, resolveConfig, train } from 'bitrow';
import { Client } from 'bitrow/client';
import { exampleFolder } from '../folder.mjs';
import { writeImpressions } from '../impressions.mjs';

const folder = exampleFolder();
const [log, data, run] = ['log.csv', 'data', 'run'].map((name) => join(folder, name));
const schema = new URL('../own-csv/schema.yaml', import.meta.url).pathname;
await writeImpressions(log, { day: '2026-03-01', rows: 20_000 });
await prepare({ dataset: 'csv', schema, input: [log], out: data });
const config = resolveConfig({
  model: { dim: 8, hidden: [64, 32] },
  training: { batchSize: 512, epochs: 2 },
});
await train({ data, out: run, config });

// Port 0 is one that is free; the log says which.
const program = fileURLToPath(new URL('./cli/main.js', import.meta.resolve('bitrow')));
const server = spawn(process.execPath, [program, 'serve', `ads=${run}`, '--port', '0'], {
  stdio: ['ignore', 'ignore', 'pipe'],
});
let address = '';
for await (const line of createInterface({ input: server.stderr })) {
  const { msg, ...facts } = JSON.parse(line);
  if (msg === 'listening') address = facts.address;
  if (msg === 'ready') break;
}

const client = new Client(address);
const { inputs } = await client.describe('ads');
console.log(`A row may have: ${inputs.map(({ name, datatype }) => `${name} (${datatype})`).join(', ')}`);
const visitor = { user: 'u7', device: 'phone', time: new Date('2026-03-02T20:15:00Z') };
const items = [
  { item: 'i3', categories: 'games|audio', price: 19.9 },
  { item: 'never-seen', categories: 'toys', price: null },
];
const { probabilities, oov } = await client.predict(items.map((item) => ({ ...visitor, ...item })));
for (const [i, { item }] of items.entries()) console.log(`${item}: ${probabilities[i].toFixed(3)}`);
console.log(`Items that training never saw: ${oov.item}`);

const shell = promisify(execFile);
const script = new URL('./ask.sh', import.meta.url).pathname;
const asked = await shell('sh', [script, address]).catch(() => ({ stdout: 'curl is not installed\n' }));
console.log(asked.stdout);

server.kill('SIGTERM');
const [code] = await once(server, 'exit');
console.log(`The server ended with ${code}`);
