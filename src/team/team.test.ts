import { describe, expect, it } from 'vitest';
import { Barrier } from './barrier.js';
import { Team } from './team.js';
import type { TestMessage } from './team.test-worker.js';

function start(threads: number) {
  const words = new Int32Array(new SharedArrayBuffer(4 * (Barrier.WORDS + 1)));
  const barrier = new Barrier(words, threads);
  const team = new Team<TestMessage, number>(
    new URL('./team.test-worker.js', import.meta.url),
    threads,
    (thread) => ({ thread, threads, words }),
    () => barrier.abandon(),
  );
  return { team, words };
}

describe('a team', () => {
  it('answers every call by every thread, in the order sent', async () => {
    const { team } = start(3);
    const answers = await Promise.all([
      team.call({ kind: 'add', to: 10 }),
      team.call({ kind: 'add', to: 20 }),
    ]);
    expect(answers).toEqual([
      [10, 11, 12],
      [20, 21, 22],
    ]);
    await team.close();
  });

  it('meets at the barrier: no thread passes before all have come', async () => {
    const { team, words } = start(4);
    for (let round = 1; round <= 50; round++) {
      const counts = await team.call({ kind: 'meet' });
      expect(counts).toEqual([4 * round, 4 * round, 4 * round, 4 * round]);
    }
    expect(words[3]).toBe(200);
    await team.close();
  });

  it('ends with the message of a thread that throws, though the others wait for it', async () => {
    const { team } = start(3);
    const failed = team.call({ kind: 'throw', thread: 1 });
    await expect(failed).rejects.toThrow('Thread 1 had enough.');
    await expect(failed).rejects.toMatchObject({ name: 'UserError', help: 'give it less.' });
    await expect(team.call({ kind: 'meet' })).rejects.toThrow('Thread 1 had enough.');
    await team.close();
  });

  it('is closed while its threads still start, and twice', async () => {
    const { team } = start(3);
    await Promise.all([team.close(), team.close()]);
    await expect(team.call({ kind: 'meet' })).rejects.toThrow('The team was closed.');
  });

  it('does nothing more in a thread that has failed: the others never meet it again', async () => {
    const { team, words } = start(3);
    const failed = team.call({ kind: 'throw', thread: 2 });
    const next = team.call({ kind: 'meet' });
    await expect(failed).rejects.toThrow('Thread 2 had enough.');
    await expect(next).rejects.toThrow('Thread 2 had enough.');
    await team.close();
    // The barrier never opened.
    expect(words[1]).toBe(0);
  });

  it('ends when a thread dies', async () => {
    const { team } = start(2);
    await expect(team.call({ kind: 'die', thread: 0 })).rejects.toThrow(
      'Worker thread 0 ended with exit code 7.',
    );
    await team.close();
  });
});
