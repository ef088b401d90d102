// What start-up loads: work counted, not timed.
import { describe, expect, it } from 'vitest';
import { heavyPackages, loadedModules } from './loaded-modules.js';

describe('a program that is only asked what it can do', () => {
  it.each([[['--help']], [['train', '--help']], [['--version']]])(
    '%j loads nothing that only work needs',
    (args) => {
      const { own, packages } = loadedModules(args);
      expect(packages.filter((name) => heavyPackages.includes(name))).toEqual([]);
      expect(packages).toContain('commander');
      // At least a file for each command.
      expect(own).toBeGreaterThan(10);
    },
  );

  it('but a command that works does, so the list can fail', () => {
    expect(
      loadedModules(['train', '--data', 'no/such/folder', '--out', 'nowhere', '--dry-run']).packages,
    ).toContain('onnxruntime-node');
  });
});
