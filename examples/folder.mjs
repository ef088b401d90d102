// @ts-check
// Where an example writes: the folder it is given, or a new one under the system's temporary folder.
import { mkdirSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** @returns {string} */
export function exampleFolder() {
  const given = process.argv[2];
  if (given === undefined) return mkdtempSync(join(tmpdir(), 'bitrow-example-'));
  mkdirSync(given, { recursive: true });
  return given;
}
