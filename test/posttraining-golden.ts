// Reads the goldens of post-training quantization: rows, the bytes that PyTorch packs them to and a hash of the values
// that it reads from those (scripts/goldens/posttraining.py). BITROW_POSTTRAINING_GOLDENS names a file with more rows.
import { readFileSync } from 'node:fs';

/** A prepack operator of PyTorch; `-optimized` with its greedy search. */
export const torchOperators = ['byte', '4bit', '2bit', '4bit-optimized', '2bit-optimized'] as const;
export type TorchOperator = (typeof torchOperators)[number];

/** Rows of one kind. */
export interface PosttrainingGolden {
  readonly name: string;
  /** D. */
  readonly dim: number;
  readonly values: Float32Array; // (n, D)
  /** Without the operators that do not come back on these rows. */
  readonly packed: Readonly<Partial<Record<TorchOperator, TorchPacked>>>;
}

/** What PyTorch makes of rows. */
export interface TorchPacked {
  readonly bytes: Uint8Array; // (n, row bytes)
  /** SHA-256 of the values (n, D) as little-endian fp32. */
  readonly unpacked: string;
}

interface StoredGolden {
  name: string;
  dim: number;
  values: string;
  packed: Partial<Record<TorchOperator, { bytes: string; unpacked: string }>>;
}

const file =
  process.env.BITROW_POSTTRAINING_GOLDENS ?? new URL('../../test/goldens/posttraining.json', import.meta.url);

function decoded({ name, dim, values, packed }: StoredGolden): PosttrainingGolden {
  const operators = Object.entries(packed).map(([operator, { bytes, unpacked }]) => [
    operator,
    { bytes: new Uint8Array(Buffer.from(bytes, 'base64')), unpacked },
  ]);
  const floats = new Float32Array(new Uint8Array(Buffer.from(values, 'base64')).buffer);
  return { name, dim, values: floats, packed: Object.fromEntries(operators) };
}

const stored = JSON.parse(readFileSync(file, 'utf8')) as { rows: StoredGolden[]; beyond: StoredGolden[] };

/** Rows that PyTorch stores with finite numbers. */
export const posttrainingGoldens = stored.rows.map(decoded);
/** Rows with an infinite scale or bias at 4 bits or at 2. */
export const goldensBeyond = stored.beyond.map(decoded);
