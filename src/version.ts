// The version of this package, as package.json states it.
import { readFileSync } from 'node:fs';

const packageFile = new URL('../../package.json', import.meta.url);

/** The version of bitrow that is running. */
export const version = String(
  (JSON.parse(readFileSync(packageFile, 'utf8')) as { version: unknown }).version,
);
