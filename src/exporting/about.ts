// What an exported file says of itself: of which run and data it is, what the model is, and which row of a table stands for
// which value of a field. Texts by name, as the metadata of safetensors and ONNX files has them.
import { configBits } from '../runs/config-method.js';
import { tablePairs, vocabularyOffsets } from '../scoring/blueprint.js';
import { version } from '../version.js';
import type { ExportSubject } from './exporter.js';

/** One line of metadata for each thing to know. */
export function aboutExport({ run, embedding, quantization }: ExportSubject): Record<string, string> {
  const { config, run: record } = run.directory;
  const { dataset } = record;
  const offsets = vocabularyOffsets(dataset);
  const pairs = tablePairs(config, dataset);
  const fields = dataset.fields.map((name, f) => {
    const vocabulary = dataset.fieldVocabularies[f];
    const pooling = dataset.poolings?.[f] ?? null;
    const size = dataset.vocabularySizes[vocabulary];
    return { name, firstRow: offsets[vocabulary], size, ...(pooling && { pooling }) };
  });
  return {
    bitrow: version,
    run: record.id,
    epoch: run.metadata.epoch,
    fingerprint: dataset.fingerprint,
    method: config.method.name,
    bits: String(configBits(config) ?? 32),
    model: JSON.stringify(config.model),
    fields: JSON.stringify(fields),
    ...(dataset.numbers && { numbers: JSON.stringify(dataset.numbers) }),
    ...(dataset.negativeSampling !== undefined && { negativeSampling: String(dataset.negativeSampling) }),
    ...(pairs && { pairs: JSON.stringify(pairs) }),
    ...(embedding.hot && { hotRows: JSON.stringify(embedding.hot.ofVocabulary) }),
    ...(quantization && {
      quantized: JSON.stringify({
        method: quantization.method,
        bits: quantization.bits,
        side: quantization.side,
      }),
    }),
  };
}
