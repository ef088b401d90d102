// What there is to say of a .npy file: its array. Only the header is read. Fused rows of PyTorch are bytes that say nothing of
// themselves, so what a table of bytes could be is listed.
import { statSync } from 'node:fs';
import { NpyReader } from '../formats/npy-reader.js';
import { torchRowDim } from '../posttraining/layouts/torch-rows.js';
import { quantizedBits } from '../posttraining/quantizer.js';
import type { Result } from './command.js';
import { bytes } from './quantities.js';

/** Describes the file at `path`. @throws UserError when it is damaged */
export async function inspectNpy(path: string): Promise<Result> {
  const file = await NpyReader.open(path);
  await file.close();
  const { dtype, shape } = file.header;
  const sizeBytes = statSync(path).size;
  const could =
    dtype === '|u1' && shape.length === 2
      ? quantizedBits.flatMap((bits) => {
          const dim = torchRowDim(shape[1], bits);
          return dim === undefined ? [] : [{ bits, dim }];
        })
      : [];
  const text = [
    `${path}: array (${shape.join(', ')}) of ${dtype}, ${bytes(sizeBytes)}`,
    ...could.map(({ bits, dim }, i) => `  ${i === 0 ? 'as torch-rows' : 'or'}: ${bits} bits, width ${dim}`),
  ].join('\n');
  return { text, json: { kind: 'npy', path, sizeBytes, dtype, shape, couldBeTorchRows: could } };
}
