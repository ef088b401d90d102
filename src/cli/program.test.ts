// The frame of the command line, with an invented command in place of the real ones.
import { expect, test } from 'vitest';
import { UserError } from '../errors.js';
import type { CommandSpec } from './command.js';
import { wholeNumber } from './option-values.js';
import { runCommandLine } from './program.js';

const echo: CommandSpec = {
  example: 'bitrow echo hello',
  declare: (command) =>
    command.argument('<word>').option('--times <n>', 'how often', wholeNumber('--times', 1)),
  async run({ args, options, signal }) {
    if (args[0] === 'wrong') throw new UserError("The word 'wrong' is wrong.", 'say another');
    if (args[0] === 'defect') throw new TypeError('x is undefined');
    if (args[0] === 'stop') {
      signal.throwIfAborted();
      await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
    }
    return { text: String(args[0]), json: { word: args[0], times: options.times ?? 1 } };
  },
};

async function run(line: string, signal = new AbortController().signal) {
  const seen = { out: '', err: '' };
  const streams = {
    out: (text: string) => {
      seen.out += text;
    },
    err: (text: string) => {
      seen.err += text;
    },
  };
  const code = await runCommandLine(
    { echo: { summary: 'say it again', load: async () => echo } },
    line.split(' ').filter(Boolean),
    streams,
    signal,
  );
  return { code, ...seen };
}

test('a result is text, or exactly one JSON object', async () => {
  expect(await run('echo hello')).toEqual({ code: 0, out: 'hello\n', err: '' });
  const { code, out } = await run('echo hello --json --times 3');
  expect([code, JSON.parse(out)]).toEqual([0, { word: 'hello', times: 3 }]);
});

test('a failure is a sentence and a help line, exit code 1', async () => {
  expect(await run('echo wrong')).toEqual({
    code: 1,
    out: '',
    err: "The word 'wrong' is wrong.\nhelp: say another\n",
  });
  const { code, out } = await run('echo wrong --json');
  expect([code, JSON.parse(out)]).toEqual([1, { error: "The word 'wrong' is wrong.", help: 'say another' }]);
});

test('the stack is shown with --verbose only', async () => {
  const plain = await run('echo defect');
  expect(plain).toMatchObject({
    code: 1,
    err: expect.stringContaining('bitrow failed: x is undefined\nhelp: '),
  });
  expect(plain.err).not.toContain('    at ');
  expect((await run('echo defect --verbose')).err).toContain('    at ');
});

test('bad usage is exit code 2 and lists what is known', async () => {
  const cases = {
    ecko: "Unknown command 'ecko' (known: echo).\n",
    'echo a --tymes 2': "Unknown option '--tymes' (known: --times, --json, --verbose, --help).\n",
    '--tymes': "Unknown option '--tymes' (known: --version, --help).\n",
    echo: "Missing required argument 'word'.\nhelp: see `bitrow echo --help`\n",
    'echo a b':
      "Too many arguments for 'echo'. Expected 1 argument but got 2.\nhelp: see `bitrow echo --help`\n",
    'echo a --times': "Option '--times <n>' argument missing.\nhelp: see `bitrow echo --help`\n",
    'echo a --times 0': "The option --times is '0', but must be a whole number from 1 up.\n",
  };
  for (const [line, err] of Object.entries(cases)) {
    expect(await run(line), line).toEqual({ code: 2, out: '', err });
    const [first, ...rest] = line.split(' ');
    const json = await run([first, '--json', ...rest].join(' '));
    expect(JSON.parse(json.out).error, line).toBe(err.split('\n')[0]);
  }
});

test('help has an example and is no failure', async () => {
  expect(await run('echo --help')).toMatchObject({
    code: 0,
    out: expect.stringContaining('bitrow echo hello'),
  });
  for (const line of ['', '--help']) {
    expect(await run(line)).toMatchObject({ code: 0, out: expect.stringContaining('say it again') });
  }
  expect((await run('--version')).out).toMatch(/^\d+\.\d+\.\d+\n$/);
});

test('Ctrl-C is exit code 130', async () => {
  const controller = new AbortController();
  const running = run('echo stop --json', controller.signal);
  controller.abort(new Error('any reason'));
  const { code, out } = await running;
  expect([code, JSON.parse(out)]).toEqual([130, { error: 'Stopped.', help: null }]);
});
