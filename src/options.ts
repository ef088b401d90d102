// How methods, models and optimizers declare their options: as functions of zod, which only those load who read a
// configuration. A training thread is given one that has been read, and without zod it starts in half the time.
import type { z } from 'zod';

export type Zod = typeof z;

/** What declared options are once they are read. */
export type OptionsOf<Declared extends (z: Zod) => z.ZodType> = z.output<ReturnType<Declared>>;
