// What processes cost: CPU time and memory of a program and of everything it started, read from /proc.
import { readdirSync, readFileSync } from 'node:fs';

const unlessGone = (read, otherwise) => {
  try {
    return read();
  } catch {
    // The process or thread ended meanwhile.
    return otherwise;
  }
};

/** The process and all its descendants. */
export function processTree(pid) {
  const tasks = unlessGone(() => readdirSync(`/proc/${pid}/task`), []);
  const children = tasks.flatMap((task) =>
    unlessGone(() => readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8'), '')
      .split(' ')
      .filter(Boolean),
  );
  return [pid, ...children.flatMap((child) => processTree(Number(child)))];
}

/** CPU nanoseconds of the given processes, all threads, from the scheduler's own counters. */
export function cpuNanoseconds(pids) {
  let total = 0;
  for (const pid of pids) {
    for (const task of unlessGone(() => readdirSync(`/proc/${pid}/task`), [])) {
      total += Number(unlessGone(() => readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'utf8'), '0').split(' ')[0]);
    }
  }
  return total;
}

/** Nanoseconds that each thread of these processes ran or waited for a processor: what it wanted of the machine. */
export function runnableNanoseconds(pids) {
  const threads = new Map();
  for (const pid of pids) {
    for (const task of unlessGone(() => readdirSync(`/proc/${pid}/task`), [])) {
      const [ran, waited] = unlessGone(() => readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'utf8'), '0 0').split(
        ' ',
      );
      threads.set(task, Number(ran) + Number(waited));
    }
  }
  return threads;
}

/** Resident bytes of the given processes, each by itself, without packet rings (mappings of sockets). */
export function residentBytes(pids) {
  return pids.map((pid) => unlessGone(() => residentOf(pid), 0)).reduce((a, b) => a + b, 0);
}

/** Private memory only (heap and anonymous mappings). */
export function anonymousBytes(pids) {
  const of = (pid) => kilobytes(readFileSync(`/proc/${pid}/status`, 'utf8'), 'RssAnon');
  return pids.map((pid) => unlessGone(() => of(pid), 0)).reduce((a, b) => a + b, 0);
}

function residentOf(pid) {
  let ring = 0;
  let inRing = false;
  for (const line of readFileSync(`/proc/${pid}/smaps`, 'utf8').split('\n')) {
    if (/^[0-9a-f]+-[0-9a-f]+ /.test(line)) inRing = line.includes('socket:[');
    else if (inRing && line.startsWith('Rss:')) ring += kilobytes(line, 'Rss');
  }
  return kilobytes(readFileSync(`/proc/${pid}/status`, 'utf8'), 'VmRSS') - ring;
}

function kilobytes(text, name) {
  return Number(text.match(new RegExp(`${name}:\\s+(\\d+) kB`))?.[1] ?? 0) * 1024;
}
