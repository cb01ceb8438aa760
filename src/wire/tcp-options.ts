/** TCP options (RFC 9293 section 3.1): kind 1 | [length 1, which counts both | data]. Read for SYN packets only. */

const END_OF_LIST = 0;
const NO_OPERATION = 1;
const WINDOW_SCALE = 3;

/** RFC 7323 section 2.3: larger shifts count as 14. */
const LARGEST_SCALE = 14;

/**
 * Window scale offered in the TCP header at transportOffset of which bytes up to `end` can be read, or -1: none offered,
 * or options cut off or damaged before it.
 */
export function tcpWindowScale(view: DataView, transportOffset: number, end: number): number {
  if (transportOffset + 20 > end) return -1;
  const stop = Math.min(end, transportOffset + (view.getUint8(transportOffset + 12) >>> 4) * 4);
  let at = transportOffset + 20;
  while (at < stop) {
    const kind = view.getUint8(at);
    if (kind === END_OF_LIST) return -1;
    if (kind === NO_OPERATION) {
      at++;
      continue;
    }
    const length = at + 1 < stop ? view.getUint8(at + 1) : 0;
    if (length < 2 || at + length > stop) return -1;
    if (kind === WINDOW_SCALE && length === 3) return Math.min(view.getUint8(at + 2), LARGEST_SCALE);
    at += length;
  }
  return -1;
}
