// What start-up loads: work counted, not timed.
import { describe, expect, it } from 'vitest';
import { heavyPackages, loadedModules } from './loaded-modules.js';

describe('a program that is only asked what it can do', () => {
  it.each([[['--help']], [['--version']]])('%j loads no command', (args) => {
    const { own, packages } = loadedModules(args);
    expect(packages).toEqual(['commander']);
    expect(own).toBeLessThan(12);
  });

  it.each([[['train', '--help']], [['serve', '--help']]])('%j loads nothing that only work needs', (args) => {
    const { packages } = loadedModules(args);
    expect(packages.filter((name) => heavyPackages.includes(name))).toEqual([]);
    expect(packages).toContain('zod');
  });

  it('but a command that works does, so the list can fail', () => {
    expect(
      loadedModules(['train', '--data', 'no/such/folder', '--out', 'nowhere', '--dry-run']).packages,
    ).toContain('onnxruntime-node');
  });
});
