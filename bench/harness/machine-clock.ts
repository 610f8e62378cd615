/**
 * Milliseconds since some moment that is the same for all processes of the machine, with the precision to tell
 * one step of a call from the next. The time of day is set while one looks at it.
 */
export function machineMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
