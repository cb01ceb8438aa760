/** Timers that may be longer than Node's 24.8 days: -t 43200 is a month. */

/** The longest time that setTimeout takes, in milliseconds. */
const LONGEST_MS = 2 ** 31 - 1;

/** Calls `action` after so many seconds; returns the undo. */
export function after(seconds: number, action: () => void): () => void {
  const due = performance.now() + seconds * 1000;
  let timer: NodeJS.Timeout;
  const arm = (): void => {
    const left = due - performance.now();
    timer = left > LONGEST_MS ? setTimeout(arm, LONGEST_MS) : setTimeout(action, Math.max(0, left));
  };
  arm();
  return () => clearTimeout(timer);
}
