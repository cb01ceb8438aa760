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
import { drawFigures, type Figure } from '../kit/figures.ts';
import type { IpTrafficView } from './cells.ts';
import type { IpTrafficExtra } from './types.ts';

export interface PanelAreas {
  tcp: Area;
  other: Area;
  /** Line of the totals. */
  totalsY: number;
}

/** Divides the content; each panel keeps at least a frame around one conversation. One panel alone has it all. */
export function panelAreas(content: Area, panels: readonly ('tcp' | 'other')[]): PanelAreas {
  const height = content.height - 1;
  if (panels.length === 1) {
    const whole = { ...content, height };
    return { tcp: whole, other: whole, totalsY: content.y + height };
  }
  const wanted = Math.round(height * 0.6);
  const tcpHeight = Math.max(4, wanted - (wanted % 2));
  const tcp = { ...content, height: tcpHeight };
  const other = { ...content, y: content.y + tcpHeight, height: height - tcpHeight };
  return { tcp, other, totalsY: content.y + height };
}

export interface PanelCounts {
  /** Conversations that there are, search or not. */
  conversations: number;
  hidden: number;
}

/** "TCP: 1234 connections, 34 hidden by search". */
export function countText(panel: 'tcp' | 'other', { conversations, hidden }: PanelCounts): string {
  const thing = (panel === 'tcp' ? 'connection' : 'conversation') + (conversations === 1 ? '' : 's');
  const counted = `${panel === 'tcp' ? 'TCP' : 'Other'}: ${formatCount(conversations)} ${thing}`;
  return hidden > 0 ? `${counted}, ${formatCount(hidden)} hidden by search` : counted;
}

export interface EmptyReasons {
  /** The first figures came. */
  began: boolean;
  searched: boolean;
  /** What alone is shown ("this pair"), or null. */
  part: string | null;
  /** No panel has a row. */
  isEmpty: boolean;
}

/** What stands in a panel without rows. */
export function emptyText(panel: 'tcp' | 'other', { began, searched, part, isEmpty }: EmptyReasons): string {
  if (!began) return 'waiting for the first figures';
  if (searched) return 'nothing matches the search';
  if (part === null) return panel === 'tcp' ? 'no TCP connection seen yet' : 'nothing but TCP seen yet';
  if (isEmpty) return `no conversation of ${part} any more`;
  return panel === 'tcp' ? `no TCP connection of ${part}` : `${part} has nothing but TCP`;
}

function totalsFigures(head: SnapshotHead, extra: IpTrafficExtra, view: IpTrafficView): Figure[] {
  const { totals } = head;
  const isWire = view.byteKind === 'wire';
  const rate = (bytesPerSecond: number | null): string => formatRate(bytesPerSecond, view.rate);
  return [
    { label: isWire ? 'Wire' : 'IP', value: formatBytes(isWire ? totals.wireBytes : totals.ipBytes, view.rate.base) },
    { label: 'Rate', value: rate(isWire ? totals.wireBytesPerSecond : totals.bytesPerSecond) },
    { label: 'TCP', value: rate(extra.tcpBytesPerSecond) },
    { label: 'Other', value: rate(extra.otherBytesPerSecond) },
    { label: 'pkt/s', value: formatPacketRate(totals.packetsPerSecond) },
    { label: 'Packets', value: formatCount(totals.packets) },
    { label: isWire ? 'IP' : 'Wire', value: formatBytes(isWire ? totals.ipBytes : totals.wireBytes, view.rate.base) },
    { label: 'Buffers', value: formatCount(totals.buffers) },
  ];
}

/** Figures of a part of the traffic, as far as its conversations are in the table. */
function partFigures(part: string, { within }: IpTrafficExtra, view: IpTrafficView): Figure[] {
  const { rate } = view;
  const isWire = view.byteKind === 'wire';
  const bytes = (count: number | undefined): string => formatBytes(count, rate.base);
  return [
    { label: `${part}:`, value: bytes(isWire ? within?.wireBytes : within?.ipBytes) },
    { label: 'Rate', value: formatRate(isWire ? within?.wireBytesPerSecond : within?.bytesPerSecond, rate) },
    { label: 'Packets', value: formatCount(within?.packets) },
    { label: isWire ? 'IP' : 'Wire', value: bytes(isWire ? within?.ipBytes : within?.wireBytes) },
  ];
}

/** Draws the totals over line `y`: as many as fit, the first ones always. `part`: what alone is shown, or null. */
export function drawTotals(
  canvas: Canvas,
  y: number,
  head: SnapshotHead,
  extra: IpTrafficExtra,
  view: IpTrafficView,
  part: string | null,
): void {
  drawFigures(canvas, y, part === null ? totalsFigures(head, extra, view) : partFigures(part, extra, view));
}
