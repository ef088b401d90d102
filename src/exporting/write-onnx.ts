// Writes a run as one ONNX model, its tables packed (onnx-dequantize.ts), inputs as onnx-inputs.ts says. Before it takes its name it is compared with the run (parity.ts), and says by how much it
// differs.
import { statSync } from 'node:fs';
import { appendMetadata, OnnxFileWriter } from '../graph/onnx-file.js';
import { encodeOnnx, type OnnxModel } from '../graph/onnx-model.js';
import { cannotWrite } from '../runs/whole-file.js';
import { createModel, tablePairs, vocabularyOffsets } from '../scoring/blueprint.js';
import { aboutExport } from './about.js';
import type { Exported, ExportSettings, ExportSubject } from './exporter.js';
import { type OnnxTier, onnxTier } from './onnx-dequantize.js';
import { fieldInputs, idInputs, numberInputs, outputNames } from './onnx-inputs.js';
import { assemble, lookUp, type OnnxTable } from './onnx-lookup.js';
import { addNetwork } from './onnx-network.js';
import { OnnxNodes } from './onnx-nodes.js';
import { checkParity } from './parity.js';
import type { CheckedBlock } from './parity-tables.js';
import { rowProgress } from './row-progress.js';
import { type ServedTable, type ServedTier, tiersOfServed } from './served-table.js';

/** Writes the model and compares it with the run. @throws UserError when it is not what the run is */
export async function writeOnnx(
  subject: ExportSubject,
  out: string,
  settings: ExportSettings,
): Promise<Exported> {
  const built = buildOnnx(subject, settings);
  const file = await OnnxFileWriter.create(out, built.model, settings.mostModelBytes);
  try {
    await writeTables(built, file, settings);
    await file.finish();
  } catch (error) {
    await file.abandon();
    throw error;
  }
  // The lookups alone, on the same tables where they lie in the file.
  const lookups = {
    ...built.lookups,
    initializers: built.lookups.initializers.map((each) => file.elsewhere(each)),
  };
  const parity = await checkParity(
    { model: out, lookups: { bytes: encodeOnnx(lookups), path: `${out}.lookups` }, blocks: built.blocks },
    subject,
    settings,
  );
  await appendMetadata(out, 'parity', JSON.stringify(parity)).catch((error) => {
    throw cannotWrite(out, error);
  });
  const bytes = file.files.reduce((sum, path) => sum + statSync(path).size, 0);
  return { files: file.files, bytes, parity };
}

async function writeTables(
  { tables }: BuiltOnnx,
  file: OnnxFileWriter,
  settings: ExportSettings,
): Promise<void> {
  const report = rowProgress(
    tables.map(({ served }) => served),
    settings,
  );
  for (const { served, tiers } of tables) {
    for (const [t, { tier }] of tiersOfServed(served).entries()) {
      for await (const { rows, arrays } of tier.blocks()) {
        for (const [i, { initializer, encode }] of tiers[t].parts.entries()) {
          await file.write(initializer, encode(arrays[i]));
        }
        report(rows);
      }
    }
  }
}

interface BuiltOnnx {
  model: OnnxModel;
  /** From ids to rows, before bags are pooled: a part of the model with other outputs. */
  lookups: OnnxModel;
  blocks: CheckedBlock[];
  tables: { served: ServedTable; tiers: readonly OnnxTier[] }[];
}

/** The model as data, its tables yet to be written. */
function buildOnnx(subject: ExportSubject, { operators }: Pick<ExportSettings, 'operators'>): BuiltOnnx {
  const { run, embedding, firstOrder } = subject;
  const { config, run: record } = run.directory;
  const { dataset } = record;
  const nodes = new OnnxNodes();
  const fields = fieldInputs(subject);
  const offsets = vocabularyOffsets(dataset);
  const tables: BuiltOnnx['tables'] = [];
  const declare = (served: ServedTable, pairs: OnnxTable['pairs']): OnnxTable => {
    const tier = (name: string, of: ServedTier) => onnxTier(nodes, name, of, served.dim, operators);
    const cold = tier(served.name, served.cold);
    const hot = served.hot && {
      ...tier(`${served.name}.hot`, served.hot),
      ofVocabulary: served.hot.ofVocabulary,
    };
    tables.push({ served, tiers: hot ? [cold, hot] : [cold] });
    return { dim: served.dim, cold, hot, offsets, pairs };
  };
  const rows = declare(embedding, tablePairs(config, dataset));
  const weights = firstOrder && declare(firstOrder, null);

  const blocks = idInputs(nodes, fields);
  const found = blocks.map((block) => ({ ...block, values: lookUp(nodes, rows, block, fields) }));
  const foundWeights =
    weights && blocks.map((block) => ({ ...block, values: lookUp(nodes, weights, block, fields) }));
  const lookupNodes = [...nodes.nodes];

  const x = assemble(nodes, embedding.dim, found);
  const firstOrderX = foundWeights && assemble(nodes, 1, foundWeights);
  const numbers = dataset.numbers ? numberInputs(nodes, dataset.numbers) : null;
  addNetwork(nodes, createModel(config, dataset, 'scoring'), run.dense, {
    x,
    numbers,
    firstOrder: firstOrderX,
  });

  const { inputs, initializers } = nodes;
  const model: OnnxModel = {
    nodes: nodes.nodes,
    initializers,
    inputs,
    outputs: Object.values(outputNames).map((name) => ({ name, shape: ['B'] })),
    metadata: aboutExport(subject),
  };
  const checked = blocks.map(
    (block, i): CheckedBlock => ({
      ...block,
      values: [
        { table: 'embedding', output: found[i].values },
        ...(foundWeights ? [{ table: 'firstOrder' as const, output: foundWeights[i].values }] : []),
      ],
    }),
  );
  const used = new Set(lookupNodes.flatMap((node) => node.inputs));
  const lookups: OnnxModel = {
    nodes: lookupNodes,
    initializers: initializers.filter(({ name }) => used.has(name)),
    inputs: inputs.filter(({ name }) => used.has(name)),
    outputs: checked.flatMap((block) =>
      block.values.map(({ table, output }) => {
        const dim = table === 'embedding' ? embedding.dim : 1;
        const shape = block.bag ? ['T', dim] : ['B', block.fields.length, dim];
        return { name: output, shape };
      }),
    ),
  };
  return { model, lookups, blocks: checked, tables };
}
