/** What is said of an interface around the figures: in the title, and in the lines below. Pure. */
import { type Base, formatBytes, formatCount, formatLinkSpeed } from '../../src/base/format.ts';
import type { LinkView } from '../../src/engine/link-view.ts';
import type { Figure } from '../kit/figures.ts';
import type { DetailedExtra } from './types.ts';

/** Errors, link, addresses. */
const MOST_LINES = 3;

/** "veth, MTU 1500, 10 Gbit/s, down". */
function linkWords(link: LinkView): string {
  const words = [link.kind];
  if (link.mtu > 0) words.push(`MTU ${link.mtu}`);
  if (link.speed !== null) words.push(formatLinkSpeed(link.speed));
  const state = stateWord(link);
  if (state !== 'up') words.push(state);
  return words.join(', ');
}

function stateWord(link: LinkView): string {
  if (!link.up) return 'down';
  return link.running ? 'up' : 'no carrier';
}

/** "eth0 (igb, MTU 1500, 1 Gbit/s)"; `watched` is what the capture reads: interfaces or a file. */
export function titleWords(watched: string, extra: DetailedExtra | null, live: boolean): string {
  if (extra === null || extra.interface === null) return watched;
  const name = !live && watched !== extra.interface ? `${watched}, ${extra.interface}` : extra.interface;
  if (extra.link !== null) return `${name} (${linkWords(extra.link)})`;
  return live && extra.kernel !== null ? `${name} (gone)` : name;
}

/** Lines of figures below, as many as there is room for: the first one always. */
export function factLines(extra: DetailedExtra, base: Base, lines: number): Figure[][] {
  const all = lines === 1 ? [oneLine(extra)] : roomyLines(extra, base);
  return all.filter((figures) => figures.length > 0).slice(0, lines);
}

/** Lines that factLines fills where there is room. */
export function factLineCount(extra: DetailedExtra): number {
  return factLines(extra, 1000, MOST_LINES).length;
}

function errorFigures(extra: DetailedExtra): Figure[] {
  return [
    { label: 'Checksum errors', value: formatCount(extra.ipChecksumErrors) },
    { label: 'Malformed', value: formatCount(extra.malformed) },
  ];
}

/** The sum says how to see one; an interface its first address, hardware address and master. */
function oneLine(extra: DetailedExtra): Figure[] {
  const { link } = extra;
  const [checksums, malformed] = errorFigures(extra);
  if (link === null) return [checksums, malformed, ...sumFigures(extra)];
  const figures = [checksums, ...link.addresses.slice(0, 1).map(addressFigure)];
  if (link.mac !== null) figures.push({ label: 'MAC', value: link.mac });
  if (link.master !== null) figures.push({ label: 'Master', value: link.master });
  // The status line has it too: it goes first where there is no room.
  return [...figures, malformed];
}

function sumFigures({ interface: name, interfaces }: DetailedExtra): Figure[] {
  return name === null && interfaces.length > 1
    ? [{ label: 'Interfaces', value: `${interfaces.length}, Tab shows each` }]
    : [];
}

function roomyLines(extra: DetailedExtra, base: Base): Figure[][] {
  const { link } = extra;
  const first = [...errorFigures(extra), { label: 'Buffers', value: formatCount(extra.buffers) }];
  const last = link === null ? sumFigures(extra) : link.addresses.map(addressFigure);
  return [[...first, ...kernelFigures(extra, base)], link === null ? [] : linkFigures(link), last];
}

function addressFigure(address: string): Figure {
  return { label: address.includes(':') ? 'IPv6' : 'IPv4', value: address };
}

/** Both directions: "in 0, out 0". */
function kernelFigures({ kernel }: DetailedExtra, base: Base): Figure[] {
  if (kernel === null) return [];
  const both = (inText: string, outText: string): string => `in ${inText}, out ${outText}`;
  return [
    { label: 'Kernel errors', value: both(formatCount(kernel.rxErrors), formatCount(kernel.txErrors)) },
    { label: 'Dropped', value: both(formatCount(kernel.rxDropped), formatCount(kernel.txDropped)) },
    { label: 'Frame bytes', value: both(formatBytes(kernel.rxBytes, base), formatBytes(kernel.txBytes, base)) },
  ];
}

function linkFigures(link: LinkView): Figure[] {
  const figures = [
    { label: 'Link', value: stateWord(link) },
    { label: link.virtual ? 'Kind' : 'Driver', value: link.kind },
    { label: 'MTU', value: link.mtu > 0 ? String(link.mtu) : '—' },
    { label: 'Speed', value: formatLinkSpeed(link.speed) },
    { label: 'MAC', value: link.mac ?? 'none' },
  ];
  if (link.master !== null) figures.push({ label: 'Master', value: link.master });
  if (link.lower.length > 0) figures.push({ label: 'On', value: link.lower.join(' ') });
  figures.push({ label: 'Index', value: String(link.index) });
  return figures;
}
