// Time of a piece of work: on the clock, and of all processors together, which other work on the machine disturbs less.

export interface Elapsed {
  seconds: number;
  /** Of this process on all processors, the system's share included. */
  processorSeconds: number;
}

/** Starts now. @returns what has passed since, whenever it is called */
export function stopwatch(): () => Elapsed {
  const began = performance.now();
  const used = process.cpuUsage();
  return () => {
    const { user, system } = process.cpuUsage(used);
    return { seconds: (performance.now() - began) / 1000, processorSeconds: (user + system) / 1e6 };
  };
}
