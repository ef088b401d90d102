// Patterns such as 'logs/2024-*.csv.gz', for shells that did not expand them (a quoted pattern, Windows, the library).
// `*` and `?` stand for characters within a name, `[abc]` for one of some; names that begin with a dot are left out.
import { readdirSync, statSync } from 'node:fs';
import { join, parse, sep } from 'node:path';

/** The paths that a pattern stands for, sorted name by name; the path itself when it is there, or is no pattern. */
export function expandGlob(path: string): string[] {
  if (!/[*?[]/.test(path) || statSync(path, { throwIfNoEntry: false })) return [path];
  const { root } = parse(path);
  const names = path.slice(root.length).split(sep === '/' ? '/' : /[\\/]/);
  let found = [root];
  for (const [i, name] of names.entries()) {
    const isLast = i === names.length - 1;
    found = found.flatMap((folder) => {
      if (!/[*?[]/.test(name)) return [join(folder, name)];
      return namesIn(folder || '.')
        .filter((entry) => matches(entry, name))
        .map((entry) => join(folder, entry));
    });
    found = found.filter((place) => {
      const stat = statSync(place, { throwIfNoEntry: false });
      return isLast ? stat?.isFile() : stat?.isDirectory();
    });
  }
  return found;
}

function namesIn(folder: string): string[] {
  // By code units: the same order on every system.
  return readdirSync(folder).sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
}

function matches(name: string, pattern: string): boolean {
  if (name.startsWith('.') && !pattern.startsWith('.')) return false;
  const source = pattern.replace(/\[!?[^\]]+\]|[\s\S]/g, (part) => {
    if (part === '*') return '.*';
    if (part === '?') return '.';
    if (part.length > 1) return part.replace(/^\[!/, '[^').replaceAll('\\', '\\\\');
    return part.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
  });
  return new RegExp(`^${source}$`, 'su').test(name);
}
