// The formats in which rows are written for people and other programs, and which of them a file's name asks for. Apart
// from the writing (row-file.ts), for whoever only needs the names.
import { extname } from 'node:path';
import { UserError } from '../errors.js';

/** CSV with a header, JSON Lines, or Parquet. */
export const rowFormats = ['csv', 'jsonl', 'parquet'] as const;
export type RowFormat = (typeof rowFormats)[number];

/** The format of a file's name. @throws UserError listing those there are, when the extension is none of them */
export function rowFormatOf(path: string): RowFormat {
  const extension = extname(path).slice(1).toLowerCase();
  const format = rowFormats.find((name) => name === extension);
  if (format) return format;
  throw new UserError(
    `The file '${path}' has no extension that says its format (known: ${rowFormats.map((name) => `.${name}`).join(', ')}).`,
    'name the format with --format',
    2,
  );
}
