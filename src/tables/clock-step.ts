/**
 * The wall clock is set now and then, and a machine that slept wakes to another time. Packets are stamped by that clock:
 * what is remembered of before must move with it, or what is quiet for a moment seems to have been quiet for an hour.
 */

/** Seconds between the step and its notice. */
const NOTICED_WITHIN = 1;

/** A moment of before the clock was set by `by` seconds, now that it stands at `now`; one of since then stays. */
export function movedMoment(moment: number, by: number, now: number): number {
  return Math.abs(now - moment) <= NOTICED_WITHIN ? moment : moment + by;
}
