// The same for those who keep their vocabularies themselves, with bitrow's model instead: fastify, and `predictEncoded` on a
// bundle. `bitrow bench serve` measures its memory beside that of fastify-server.mjs with ids.
//
//   node bench/peers/bitrow-ids-server.mjs PORT BUNDLE LIBRARY       LIBRARY: path of bitrow's index.js
import Fastify from 'fastify';

const [port, bundle, library] = process.argv.slice(2);
const { open } = await import(library);
const model = await open(bundle, { vocabularies: false });
const app = Fastify({ bodyLimit: 8 << 20 });
app.get('/', () => 'ready');
app.post('/predict', async ({ body: rows }) => {
  const { probabilities } = await model.predictEncoded({
    ids: Uint32Array.from(rows.flat()),
    rows: rows.length,
  });
  return { probabilities: Array.from(probabilities) };
});
await app.listen({ port: Number(port), host: '127.0.0.1' });
