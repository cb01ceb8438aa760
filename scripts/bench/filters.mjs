// Capture under a narrow filter: what a packet costs that arrives and does not match. The kernel is to drop it.
import { INTERFACE } from './link.mjs';
import { cpuUnderTraffic, RATE } from './live.mjs';
import { number } from './report.mjs';
import { isInstalled, PROGRAM, withPipe } from './tools.mjs';

/** The sender's packets go to UDP port 5001 and TCP port 443. */
const EXPRESSION = 'udp port 9';
const FILTER = 'mail';

const ours = (...args) => [process.execPath, PROGRAM, '-i', INTERFACE, '--json', '--every', '1', ...args];
const tcpdump = (...args) => ['tcpdump', '-i', INTERFACE, '-s', '256', '-w', '/dev/null', ...args];

const RUNS = [
  { name: 'iptraf-ts (JSON)', command: ours() },
  { name: `iptraf-ts --filter ${FILTER}`, command: ours('--filter', FILTER) },
  { name: `iptraf-ts --bpf '${EXPRESSION}'`, command: ours('--bpf', EXPRESSION) },
  { name: 'tcpdump -w /dev/null', command: tcpdump() },
  { name: `tcpdump -w /dev/null '${EXPRESSION}'`, command: tcpdump(EXPRESSION) },
];

/** CPU of all of a program's processes, divided by the packets that arrived: those it never saw count, too. */
export async function narrowSections(sender, { window, progress, figures }) {
  const rows = [];
  const results = [];
  for (const { name, command } of RUNS) {
    if (command[0] === 'tcpdump' && !isInstalled('tcpdump')) continue;
    progress(name);
    const result = await cpuUnderTraffic(sender, () => withPipe(...command), { conversations: 1000, ...window });
    results.push(result);
    rows.push([`\`${name}\``, number(result.nanosecondsPerPacket), `${number(result.cpuShare * 100, 1)} %`]);
  }
  figures.set('narrow', results[1].nanosecondsPerPacket / results[0].nanosecondsPerPacket);
  const title = `Under a filter that nothing passes, at ${number(RATE / 1000)} kpps`;
  return [{ title, columns: ['CPU ns a packet', 'CPU'], rows }];
}
