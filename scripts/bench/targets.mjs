// What the program is meant to reach, beside what was measured in this run. Ratios hold on any machine; figures in
// nanoseconds and packets a second were set on another one and say as much about the machine as about the program.
import { megabytes, number, ratio } from './report.mjs';

const nanoseconds = (value) => `${number(value)} ns`;
const rate = (value) => `${number(value)} packets/s`;
const times = (value) => ratio(value, 1);

/** what, the figure's name, the target, and how the figure is written. */
const TARGETS = [
  ['`--help`, of `node -e 0`', 'help', { atMost: 1.6 }, times],
  ['first screen, of `node -e 0`', 'screen', { atMost: 4 }, times],
  ['CPU, idle', 'idle', { atMost: 1 }, (value) => `${number(value, 2)} %`],
  ['memory, idle, beside the ring', 'resident', { atMost: 125_000_000 }, megabytes],
  ['live, 1,000 conversations, of `iptraf-ng -i`', 'ofIptraf', { atMost: 0.6 }, times],
  ['live, 1,000 conversations', 'live', { atMost: 120 }, nanoseconds],
  ['live, 200,000 conversations, of 1,000', 'growth', { atMost: 2 }, times],
  ['host pairs, 100,000, of 100', 'pairs', { atMost: 2 }, times],
  ['under a filter that nothing passes, of without', 'narrow', { atMost: 0.25 }, times],
  ['full speed: dropped', 'dropped', { atMost: 0 }, number],
  ['a file, 1,000 conversations', 'file', { atLeast: 4_500_000 }, rate],
  ['a file, 1,000 conversations, of tcpdump', 'ofTcpdump', { atLeast: 1.5 }, times],
  ['a file, 200,000 conversations', 'largeFile', { atLeast: 2_000_000 }, rate],
  ['a UDP conversation', 'udp', { atMost: 160 }, (value) => `${number(value)} bytes`],
  ['a TCP conversation', 'tcp', { atMost: 320 }, (value) => `${number(value)} bytes`],
  ['a frame at 200x60', 'frame', { atMost: 3 }, (value) => `${number(value, 2)} ms`],
];

/** The section of those targets whose figures were measured in this run, or none. */
export function targetSections(figures) {
  const rows = TARGETS.filter(([, name]) => figures.has(name)).map(([what, name, { atMost, atLeast }, write]) => {
    const value = figures.get(name);
    const target = atMost === undefined ? `≥ ${write(atLeast)}` : `≤ ${write(atMost)}`;
    const reached = atMost === undefined ? value >= atLeast : value <= atMost;
    return [what, target, write(value), reached ? 'yes' : 'no'];
  });
  return rows.length === 0 ? [] : [{ title: 'Targets', columns: ['target', 'here', 'reached'], rows }];
}
