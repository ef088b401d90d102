// What a user would write to serve a CTR model in Node.js without bitrow: fastify, onnxruntime-node on an fp32 ONNX model,
// vocabularies in a Map. No batching. `bitrow bench serve` measures beside it.
//
//   node bench/peers/fastify-server.mjs PORT MODEL.onnx FIELDS.json THREADS [VOCABULARIES]
//
// FIELDS.json lists the fields; VOCABULARIES is a directory with a file FIELD.txt for each, a value a line, the first one
// having id 1. Without it, rows are arrays of ids. THREADS 0: what onnxruntime takes by itself.
import { createReadStream, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import Fastify from 'fastify';
import { InferenceSession, Tensor } from 'onnxruntime-node';

const [port, model, fieldsFile, threads, vocabularies] = process.argv.slice(2);
const fields = JSON.parse(readFileSync(fieldsFile, 'utf8'));
const session = await InferenceSession.create(model, {
  ...(Number(threads) > 0 && { intraOpNumThreads: Number(threads) }),
});
const idsOf = new Map();
if (vocabularies) {
  for (const field of fields) {
    const ids = new Map();
    const lines = createInterface({ input: createReadStream(`${vocabularies}/${field}.txt`) });
    for await (const value of lines) ids.set(value, ids.size + 1);
    idsOf.set(field, ids);
  }
}

const app = Fastify({ bodyLimit: 8 << 20 });
app.get('/', () => 'ready');
app.post('/predict', async ({ body: rows }) => {
  const feeds = {};
  for (const [f, field] of fields.entries()) {
    const vocabulary = idsOf.get(field);
    const ids = new BigInt64Array(rows.length);
    for (let i = 0; i < rows.length; i++) {
      ids[i] = BigInt(vocabulary ? (vocabulary.get(rows[i][field]) ?? 0) : rows[i][f]);
    }
    feeds[field] = new Tensor('int64', ids, [rows.length]);
  }
  const { probabilities } = await session.run(feeds, ['probabilities']);
  return { probabilities: Array.from(probabilities.data) };
});
await app.listen({ port: Number(port), host: '127.0.0.1' });
