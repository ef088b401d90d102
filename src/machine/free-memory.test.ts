// What is free, from trees of files as Linux has them in a machine, a container and a service.
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir, totalmem } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { freeMemory } from './free-memory.js';

const GiB = 2 ** 30;

function machine(files: Record<string, string | number>): string {
  const root = mkdtempSync(join(tmpdir(), 'bitrow-'));
  const all = { 'proc/meminfo': `MemTotal: 9 kB\nMemAvailable:   ${(8 * GiB) / 1024} kB\n`, ...files };
  for (const [path, content] of Object.entries(all)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), `${content}\n`);
  }
  return root;
}

const free = (files: Record<string, string | number>) => freeMemory('linux', machine(files)) / GiB;

describe('on Linux', () => {
  it('is what the kernel calls available', () => {
    expect(free({})).toBe(8);
    expect(free({ 'proc/self/cgroup': '0::/' })).toBe(8);
  });

  it('is what a container may still take, in version 2, without its files in the cache', () => {
    const container = {
      'proc/self/cgroup': '0::/',
      'sys/fs/cgroup/memory.max': 4 * GiB,
      'sys/fs/cgroup/memory.current': 3 * GiB,
    };
    expect(free(container)).toBe(1);
    const stat = `anon 5\ninactive_file ${2 * GiB}\nactive_file 7`;
    expect(free({ ...container, 'sys/fs/cgroup/memory.stat': stat })).toBe(3);
    expect(free({ ...container, 'sys/fs/cgroup/memory.high': 3.5 * GiB })).toBe(0.5);
    expect(free({ ...container, 'sys/fs/cgroup/memory.current': 5 * GiB })).toBe(0);
    expect(free({ ...container, 'sys/fs/cgroup/memory.max': 'max' })).toBe(8);
  });

  it('is no more than what the machine has', () => {
    const roomy = { 'sys/fs/cgroup/memory.max': 64 * GiB, 'sys/fs/cgroup/memory.current': GiB };
    expect(free({ 'proc/self/cgroup': '0::/', ...roomy })).toBe(8);
  });

  it('obeys the limit of a group above its own', () => {
    expect(
      free({
        'proc/self/cgroup': '0::/system.slice/train.service',
        'sys/fs/cgroup/system.slice/train.service/memory.max': 'max',
        'sys/fs/cgroup/system.slice/train.service/memory.current': GiB,
        'sys/fs/cgroup/system.slice/memory.max': 3 * GiB,
        'sys/fs/cgroup/system.slice/memory.current': GiB,
      }),
    ).toBe(2);
  });

  it('reads version 1, where the path may be the host’s', () => {
    const files = {
      'proc/self/cgroup': '3:cpu,cpuacct:/docker/abc\n4:memory:/docker/abc\n0::/docker/abc',
      'sys/fs/cgroup/memory/memory.limit_in_bytes': 2 * GiB,
      'sys/fs/cgroup/memory/memory.usage_in_bytes': GiB,
      'sys/fs/cgroup/memory/memory.stat': `inactive_file 1\ntotal_inactive_file ${GiB / 2}`,
    };
    expect(free(files)).toBe(1.5);
    // What says that there is none.
    const none = { ...files, 'sys/fs/cgroup/memory/memory.limit_in_bytes': '9223372036854771712' };
    expect(free(none)).toBe(8);
  });
});

it('is a number of bytes here', () => {
  expect(freeMemory()).toBeGreaterThan(1e6);
  expect(freeMemory()).toBeLessThanOrEqual(totalmem());
  expect(freeMemory('darwin')).toBe(totalmem());
});
