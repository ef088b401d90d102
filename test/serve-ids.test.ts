// `bitrow serve --ids`: requests hold ids by field, no vocabulary is read, and predictions are those of the values.
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { open } from '../src/index.js';
import { Client } from '../src/serving/client.js';
import { BundleFolder, rawRows } from './bundle-fixture.js';
import { ServeProgram } from './serve-program.js';
import { prepareToy } from './toy-dataset.js';

const folder = new BundleFolder();
let bundle: string;
let ids: Record<string, number>[];
let logits: number[];
let program: ServeProgram;

beforeAll(async () => {
  const data = await prepareToy(folder.path, { rows: 1000 });
  bundle = await folder.bundle(await folder.run(data, { method: { name: 'alpt', bits: 8 } }));
  const rows = rawRows(join(folder.path, 'rows.csv')).slice(0, 200);
  const model = await open(bundle);
  logits = [...(await model.predict(rows)).logits];
  ids = rows.map(() => ({}));
  for (const { name } of model.schema.fields) {
    const values = rows.map((row) => (row[name] === '' ? null : String(row[name])));
    for (const [i, id] of model.embeddings(name, values).ids.entries()) ids[i][name] = id;
  }
  await model.close();
  program = new ServeProgram(['--port', '0', `ctr=${bundle}`, '--ids']);
});
afterAll(async () => {
  program.kill('SIGKILL');
  await program.ended;
  folder.remove();
});

it('answers both protocols, and says what it is asked with', async () => {
  const client = new Client(await program.address());
  expect((await client.predict(ids)).logits).toEqual(logits);
  const names = Object.keys(ids[0]);
  expect((await client.describe('ctr')).inputs).toEqual(
    names.map((name) => ({ name, datatype: 'INT64', shape: [-1] })),
  );
  const inputs = names.map((name) => ({
    name,
    datatype: 'INT64',
    shape: [ids.length],
    data: ids.map((row) => row[name]),
  }));
  const answer = await fetch(`${await program.address()}/v2/models/ctr/infer`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ inputs, outputs: [{ name: 'logit' }] }),
  });
  expect(await answer.json()).toMatchObject({ outputs: [{ data: logits }] });
});

it('refuses what is no id, with the name of its field', async () => {
  const client = new Client(await program.address());
  await expect(client.predict([ids[0], { ...ids[1], item: 'i1' }])).rejects.toMatchObject({
    status: 400,
    message: "Row 1, column 'item': found 'i1', expected an id, a whole number from 0 (0: none, OOV).",
  });
});
