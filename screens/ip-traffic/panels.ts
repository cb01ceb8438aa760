/**
 * Where things stand on the IP traffic screen, and its totals line.
 *
 *   content   ┌ TCP connections … ┐   three fifths of the height, whole conversations of two lines
 *             └───────────────────┘
 *             ┌ other …           ┐   the rest
 *             └───────────────────┘
 *             totals (or the search)
 */
import { formatBytes, formatCount, formatPacketRate, formatRate } from '../../src/base/format.ts';
import type { SnapshotHead } from '../../src/engine/messages.ts';
import type { Area, Canvas } from '../kit/canvas.ts';
import { textWidth } from '../kit/text.ts';
import type { IpTrafficView } from './cells.ts';
import type { IpTrafficExtra, IpTrafficSort } from './types.ts';

export interface PanelAreas {
  tcp: Area;
  other: Area;
  /** Line of the totals. */
  totalsY: number;
}

/** Divides the content; each panel keeps at least a frame around one conversation. */
export function panelAreas(content: Area): PanelAreas {
  const height = content.height - 1;
  const wanted = Math.round(height * 0.6);
  const tcpHeight = Math.max(4, wanted - (wanted % 2));
  const tcp = { ...content, height: tcpHeight };
  const other = { ...content, y: content.y + tcpHeight, height: height - tcpHeight };
  return { tcp, other, totalsY: content.y + height };
}

/** The inside of a framed panel. */
export function inner({ x, y, width, height }: Area): Area {
  return { x: x + 1, y: y + 1, width: width - 2, height: height - 2 };
}

export interface PanelCounts {
  /** Conversations that there are, search or not. */
  conversations: number;
  hidden: number;
}

const SORT_WORDS: Record<IpTrafficSort, string> = {
  rate: 'rate',
  bytes: 'bytes',
  packets: 'packets',
  source: 'source',
  destination: 'destination',
  port: 'port',
  protocol: 'protocol',
  state: 'state',
  interface: 'interface',
  'first-seen': 'first seen',
  'last-seen': 'last seen',
  rtt: 'round-trip time',
  retransmissions: 'retransmissions',
  window: 'window',
  size: 'packet size',
  vlan: 'VLAN',
  mac: 'source MAC',
};

/** What the sort picker calls a column. */
export function sortWord(sort: IpTrafficSort): string {
  return SORT_WORDS[sort];
}

/** "TCP: 1234 connections, 34 hidden by search". */
export function countText(panel: 'tcp' | 'other', { conversations, hidden }: PanelCounts): string {
  const thing = (panel === 'tcp' ? 'connection' : 'conversation') + (conversations === 1 ? '' : 's');
  const counted = `${panel === 'tcp' ? 'TCP' : 'Other'}: ${formatCount(conversations)} ${thing}`;
  return hidden > 0 ? `${counted}, ${formatCount(hidden)} hidden by search` : counted;
}

interface Fact {
  label: string;
  value: string;
}

function totalsFacts(head: SnapshotHead, extra: IpTrafficExtra, view: IpTrafficView): Fact[] {
  const { totals } = head;
  const isWire = view.byteKind === 'wire';
  const rate = (bytesPerSecond: number): string => formatRate(bytesPerSecond, view.rate);
  const facts = [
    { label: isWire ? 'Wire' : 'IP', value: formatBytes(isWire ? totals.wireBytes : totals.ipBytes, view.rate.base) },
    { label: 'Rate', value: rate(isWire ? totals.wireBytesPerSecond : totals.bytesPerSecond) },
    { label: 'TCP', value: rate(extra.tcpBytesPerSecond) },
    { label: 'Other', value: rate(extra.otherBytesPerSecond) },
    { label: 'pkt/s', value: formatPacketRate(totals.packetsPerSecond) },
    { label: 'Packets', value: formatCount(totals.packets) },
    { label: isWire ? 'IP' : 'Wire', value: formatBytes(isWire ? totals.ipBytes : totals.wireBytes, view.rate.base) },
    { label: 'Buffers', value: formatCount(totals.buffers) },
  ];
  return facts;
}

/** Draws the totals over line `y`: as many as fit, the first ones always. */
export function drawTotals(
  canvas: Canvas,
  y: number,
  head: SnapshotHead,
  extra: IpTrafficExtra,
  view: IpTrafficView,
): void {
  canvas.fill(0, y, canvas.width, 1, ' ', 'text');
  let x = 1;
  for (const { label, value } of totalsFacts(head, extra, view)) {
    const width = textWidth(label) + 1 + textWidth(value);
    const start = x === 1 ? 1 : x + 3;
    if (start + width >= canvas.width) break;
    if (x !== 1) canvas.text(x + 1, y, '│', 'frame');
    canvas.text(start, y, label, 'text');
    canvas.text(start + textWidth(label) + 1, y, value, 'value');
    x = start + width;
  }
}
