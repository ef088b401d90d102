// One thread of the limit: answers each message with the GFLOP/s of a large product.
import { serve } from '../team/serve.js';
import { createSgemm } from './sgemm.js';

const run = await createSgemm();
serve(() => run());
