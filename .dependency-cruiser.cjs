// The architecture, as a rule that fails: a folder of src/ imports only from those above it in this list.
// Types count as imports. The map in words is src/README.md.
const anyone = ['errors.ts', 'options.ts', 'version.ts', 'webassembly.d.ts'];
const folders = [
  'machine',
  'random',
  'formats',
  'schema',
  'quantization',
  'kernels',
  'metrics',
  'graph',
  'team',
  'optimizers',
  'data',
  'generating',
  'batch',
  'posttraining',
  'embedding',
  'models',
  'runs',
  'scoring',
  'training',
  'reports',
  'comparing',
  'exporting',
  'serving',
  'bench',
  'cli',
];

const oneOf = (names) => `(${names.join('|').replaceAll('.', '\\.')})`;
const test = '\\.test[.-]';

/** No folder may import one that stands below it. */
const order = folders.slice(0, -1).map((folder, i) => ({
  name: `${folder}-imports-only-from-above`,
  severity: 'error',
  from: { path: `^src/${folder}/` },
  to: { path: `^src/(${oneOf(folders.slice(i + 1))}/|index\\.ts$)` },
}));

/** A package that only some folders may know. */
const onlyIn = (name, allowed) => ({
  name: `${name.split('/').pop()}-only-in-${allowed.join('-and-')}`,
  severity: 'error',
  from: { path: '^src/', pathNot: [`^src/${oneOf(allowed)}/`] },
  to: { path: `(^|/)node_modules/${name}/|^${name}` },
});

const unplaced = { path: '^src/', pathNot: [`^src/(${oneOf(folders)}/|${oneOf([...anyone, 'index.ts'])}$)`] };

module.exports = {
  forbidden: [
    ...order,
    {
      name: 'files-of-src-itself-import-nothing-of-src',
      severity: 'error',
      from: { path: `^src/${oneOf(anyone)}$` },
      to: { path: '^src/' },
    },
    {
      name: 'the-library-knows-no-command-line',
      comment: 'src/index.ts offers everything below the command line.',
      severity: 'error',
      from: { path: '^src/index\\.ts$' },
      to: { path: '^src/cli/' },
    },
    {
      name: 'every-file-has-a-place',
      comment: 'A new folder of src/ gets its place in the list at the top of .dependency-cruiser.cjs.',
      severity: 'error',
      from: unplaced,
      to: {},
    },
    { name: 'every-import-has-a-place', severity: 'error', from: {}, to: unplaced },
    {
      name: 'src-stands-alone',
      comment: 'What ships needs nothing of scripts/ or test/.',
      severity: 'error',
      from: { path: '^src/', pathNot: [test] },
      to: { dependencyTypes: ['local'], pathNot: '^src/' },
    },
    {
      name: 'options-are-declared-without-loading-zod',
      comment:
        'A training thread loads methods, models and optimizers, and needs no zod for it (src/options.ts).',
      severity: 'error',
      from: { path: `^src/${oneOf(['optimizers', 'embedding', 'models'])}/`, pathNot: [test] },
      to: { path: '(^|/)node_modules/zod/', dependencyTypesNot: ['type-only'] },
    },
    onlyIn('@duckdb', ['data', 'batch']),
    onlyIn('onnxruntime-node', ['graph']),
    onlyIn('commander', ['cli']),
    onlyIn('@observablehq/plot', ['reports']),
    onlyIn('happy-dom', ['reports']),
    onlyIn('fastify', ['serving']),
    onlyIn('pino', ['serving']),
    {
      name: 'no-cycles',
      comment:
        'Of modules as they load. Two types of one folder may name each other: the rule of an operator takes a Graph, and a Graph is made by those rules.',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'no-tests-outside-tests',
      severity: 'error',
      from: { path: '^src/', pathNot: [test] },
      to: { path: test },
    },
    {
      name: 'no-development-packages-outside-tests',
      comment:
        'Types alone may come from @types/node. flights.ts finds vega-datasets by name, where it is installed.',
      severity: 'error',
      from: { path: '^src/', pathNot: [test] },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['core'] },
    },
    {
      name: 'only-packages-of-package-json',
      severity: 'error',
      from: { path: '^src/' },
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown'] },
    },
    {
      name: 'nothing-unresolved',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
  },
};
