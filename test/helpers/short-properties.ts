// Bounds the time of each property, for runs that repeat tests very often. Named in scripts/mutate.ts.

import fc from 'fast-check';

fc.configureGlobal({ interruptAfterTimeLimit: 1000 });
