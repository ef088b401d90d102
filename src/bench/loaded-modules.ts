// Which modules the program loads, as Node.js resolves them: a hook in the child process lists them.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const main = fileURLToPath(new URL('../cli/main.js', import.meta.url));

/** Packages that only work needs: no help, no list of options and no error may wait for them. */
export const heavyPackages = [
  'onnxruntime-node',
  '@duckdb/node-api',
  '@observablehq/plot',
  'happy-dom',
  'fastify',
];

/** Runs in the thread of the hooks, and writes to standard error synchronously, before the program can end. */
const hooks = `
import { writeSync } from 'node:fs';
export async function resolve(specifier, context, next) {
  const found = await next(specifier, context);
  writeSync(2, 'loads ' + found.url + '\\n');
  return found;
}`;
const register = `import { register } from 'node:module'; register(${JSON.stringify(dataUrl(hooks))});`;

function dataUrl(source: string): string {
  return `data:text/javascript,${encodeURIComponent(source)}`;
}

/** Modules that the command line loads: how many of bitrow's own, and the packages, in order. */
export function loadedModules(args: readonly string[]): { own: number; packages: string[] } {
  const { stderr } = spawnSync(process.execPath, ['--import', dataUrl(register), main, ...args], {
    encoding: 'utf8',
  });
  const urls = [...new Set([...stderr.matchAll(/^loads (.*)$/gm)].map(([, url]) => url))];
  if (!urls.some((url) => url.endsWith('/cli/main.js'))) throw new Error(`No modules were listed: ${stderr}`);
  const packages = urls.flatMap((url) => url.match(/.*\/node_modules\/((?:@[^/]+\/)?[^/]+)/)?.[1] ?? []);
  const own = urls.filter((url) => url.startsWith('file:') && !url.includes('/node_modules/')).length;
  return { own, packages: [...new Set(packages)].sort() };
}
