// `--format bundle`: the directory that `bitrow serve` and `open` read without the run (bundle.ts writes it).
import type { Exporter } from './exporter.js';

export const bundle: Exporter = {
  summary: 'a directory to serve from: graph, packed tables, vocabularies, checksums',
  output: 'directory',
  hasOperators: false,
  check() {},
  async write({ run, checkpoint, quantization }, out, { force, onProgress, signal }) {
    const { writeBundle } = await import('./bundle.js');
    const { bytes } = await writeBundle(run, out, {
      checkpoint,
      // Packed rows go in as they are packed.
      ...(quantization && { source: quantization.table }),
      force,
      signal,
      onProgress: (state) => onProgress({ ...state, stage: 'write', unit: 'rows' }),
    });
    return { files: [out], bytes, parity: null };
  },
};
