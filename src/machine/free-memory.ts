// How much memory a process could still take here: what the system has free, and no more than what is left of the
// limits of its control groups (a container's, a service's), all the way up.
//
// Node's `process.availableMemory()` is not that. On Linux it looks at the process's own group and at none above it, takes
// files in the cache for used, and where there is a limit forgets that the machine may have less. On macOS it is the
// pages that hold nothing at all, a small part of what can be had.
import { readFileSync } from 'node:fs';
import { freemem, totalmem } from 'node:os';
import { dirname, join } from 'node:path';

/**
 * Bytes that are free: no promise, since other processes want memory too.
 *
 * @param root where `proc` and `sys` are, for tests
 */
export function freeMemory(platform: NodeJS.Platform = process.platform, root = '/'): number {
  switch (platform) {
    case 'linux':
      return Math.min(memAvailable(root) ?? freemem(), ...groupsLeft(root));
    case 'darwin':
      // What it would make room for, by compressing and dropping, it does not say.
      return totalmem();
    default:
      return process.availableMemory();
  }
}

/** What the kernel says can be had without swapping: free pages, and those of files that can be read again. */
function memAvailable(root: string): number | undefined {
  const [, kilobytes] = /^MemAvailable:\s+(\d+) kB$/m.exec(read(join(root, 'proc/meminfo')) ?? '') ?? [];
  return kilobytes === undefined ? undefined : 1024 * Number(kilobytes);
}

/** The files of a control group, by the version of its hierarchy. */
const versions = {
  1: {
    mount: 'sys/fs/cgroup/memory',
    limits: ['memory.limit_in_bytes'],
    usage: 'memory.usage_in_bytes',
    cache: 'total_inactive_file',
  },
  2: {
    mount: 'sys/fs/cgroup',
    // Above `high` a group is not ended, but held up until nothing goes on.
    limits: ['memory.max', 'memory.high'],
    usage: 'memory.current',
    cache: 'inactive_file',
  },
} as const;

/** What is left of every limit that the process is under. */
function groupsLeft(root: string): number[] {
  const left: number[] = [];
  // `4:memory:/path` in version 1, `0::/path` in version 2; both may be there.
  for (const line of (read(join(root, 'proc/self/cgroup')) ?? '').split('\n')) {
    const [, controllers, path] = /^\d+:([^:]*):(\/.*)$/.exec(line) ?? [];
    if (path === undefined || (controllers !== '' && !controllers.split(',').includes('memory'))) continue;
    const version = versions[controllers === '' ? 2 : 1];
    // In a container the path may be that of the host, where only the mount's root is: then only that is found.
    for (let group = path; ; group = dirname(group)) {
      const folder = join(root, version.mount, group);
      const limit = Math.min(...version.limits.map((file) => number(read(join(folder, file)))));
      const usage = number(read(join(folder, version.usage)));
      if (Number.isFinite(limit) && Number.isFinite(usage)) {
        left.push(Math.max(0, limit - Math.max(0, usage - cacheOf(folder, version.cache))));
      }
      if (group === '/') break;
    }
  }
  return left;
}

/** Bytes of files in a group's cache that nobody has used lately: counted as used, and dropped when they are in the way. */
function cacheOf(folder: string, name: string): number {
  const [, bytes] = new RegExp(`^${name} (\\d+)$`, 'm').exec(read(join(folder, 'memory.stat')) ?? '') ?? [];
  return Number(bytes ?? 0);
}

/** A limit or a usage; `max`, or a file that is not there, is no limit. */
function number(text: string | undefined): number {
  return text !== undefined && /^\d+\s*$/.test(text) ? Number(text) : Number.POSITIVE_INFINITY;
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
