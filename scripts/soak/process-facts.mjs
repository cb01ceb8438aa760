// Memory and descriptors of a process, and how they grew.
import { readdirSync, readFileSync } from 'node:fs';

/** The engine: the daemon's child. */
export function engineOf(pid) {
  return Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ')[0]);
}

/** Resident memory in kilobytes. */
export function sample(pid) {
  const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
  const kilobytes = Number(/^Rss:\s+(\d+) kB/m.exec(rollup)[1]);
  return { kilobytes, descriptors: readdirSync(`/proc/${pid}/fd`).length };
}

/** From the first to the second half of the samples, by the lowest of each: garbage comes and goes, what stays is below it. */
export function growth(samples, process, figure) {
  const values = samples.map((each) => each[process][figure]);
  const half = Math.ceil(values.length / 2);
  const from = lowest(values.slice(0, half));
  const to = lowest(values.slice(-half));
  return { from, to, share: from === 0 ? 0 : (to - from) / from };
}

function lowest(values) {
  return values.length === 0 ? 0 : Math.min(...values);
}
