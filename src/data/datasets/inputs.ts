// What --input may name: checks that files are there before anything is read.
import { statSync } from 'node:fs';
import { UserError } from '../../errors.js';
import type { InputFile } from './dataset.js';
import { expandGlob } from './glob.js';

/** The files as given, in order, patterns expanded. @throws UserError when there is none, or one is missing, empty or
 * a folder. */
export function givenFiles(dataset: string, paths: readonly string[], what: string): InputFile[] {
  if (paths.length === 0) {
    throw new UserError(`The data set '${dataset}' needs its input files.`, `pass --input with ${what}`, 2);
  }
  return paths.flatMap((given) => {
    const found = expandGlob(given);
    if (found.length === 0)
      throw new UserError(`No file matches '${given}'.`, 'check the pattern given with --input');
    for (const path of found) requireFile(path);
    return found.map((path) => ({ path }));
  });
}

/** The one folder as given. `files` are those that it holds. @throws UserError when it is none */
export function givenFolder(dataset: string, paths: readonly string[], files: string): string {
  const [folder] = paths;
  if (
    folder !== undefined &&
    paths.length === 1 &&
    statSync(folder, { throwIfNoEntry: false })?.isDirectory()
  ) {
    return folder;
  }
  throw new UserError(
    `The data set '${dataset}' takes one folder, got ${paths.length === 0 ? 'nothing' : `'${paths.join("', '")}'`}.`,
    `pass --input with the folder that holds ${files} (each also as .gz)`,
    folder === undefined ? 2 : 1,
  );
}

/** @throws UserError when there is no file with something in it at this path. */
export function requireFile(path: string): void {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (!stat)
    throw new UserError(`The input file '${path}' does not exist.`, 'check the path given with --input');
  if (!stat.isFile()) throw new UserError(`The input '${path}' is not a file.`, 'name the files one by one');
  if (stat.size === 0) throw new UserError(`The input file '${path}' is empty.`);
}
