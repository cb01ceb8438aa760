/**
 * Columns of the IP traffic monitor as data: what each is called, how wide it is, what it shows of a row. The panels ask
 * for as many as fit their width; the first few always do.
 *
 *   TCP     two lines a row, line 0 = endpoint 0 and what it sent, line 1 = endpoint 1 and what it sent
 *   others  one line a row, both endpoints on it
 */
import { formatSeconds, UNKNOWN } from '../../src/base/format.ts';
import { protocolName } from '../../src/names/protocols.ts';
import { agoText, bytesCell, countCell, rateCell, rateStyle, rateTitle, shareBar } from '../kit/cells.ts';
import type { Column } from '../kit/table.ts';
import { fitText } from '../kit/text.ts';
import {
  END_WORDS,
  type IpTrafficView,
  NO_FLAGS,
  partialMark,
  protocolStyle,
  rateShare,
  shownBytes,
  shownRates,
  stateWord,
} from './cells.ts';
import { conversationText, detailText, endpointText, LONGEST_ENDPOINT } from './endpoint.ts';
import type { IpTrafficRow, RatePair } from './types.ts';

type IpColumn = Column<IpTrafficRow>;

/** What M cycles through, in its order. */
export const TCP_MODES = ['counts', 'mac', 'sizes', 'latency'] as const;
export type TcpMode = (typeof TCP_MODES)[number];

const first = (line: number, text: string): string => (line === 0 ? text : '');

/** The column with the mark of partial connections before it, as iptraf-ng has it. */
function marked(column: IpColumn): IpColumn {
  // Counts of six digits leave room; what fills its cell needs a blank.
  const gap = column.width < 8 ? '' : ' ';
  return {
    ...column,
    width: column.width + 1 + gap.length,
    read: (row, line) =>
      partialMark(row) + gap + fitText(column.read(row, line, column.width), column.width, column.align ?? 'left'),
  };
}

/** Columns that both panels have. */
function commonColumns(view: IpTrafficView): Record<string, IpColumn> {
  return {
    interface: {
      id: 'interface',
      title: 'Iface',
      width: view.interfaceWidth,
      read: (row) => row.interface,
    },
    vlan: {
      id: 'vlan',
      title: 'VLAN',
      width: 4,
      align: 'right',
      read: (row, line) => first(line, row.vlan === null ? '' : String(row.vlan)),
    },
    idle: {
      id: 'last-seen',
      title: 'Idle',
      width: 6,
      align: 'right',
      read: (row, line) => first(line, agoText(view.time - row.lastSeen)),
    },
    age: {
      id: 'first-seen',
      title: 'Age',
      width: 6,
      align: 'right',
      read: (row, line) => first(line, agoText(view.time - row.firstSeen)),
    },
  };
}

function tcpColumnSet(view: IpTrafficView): Record<string, IpColumn> {
  const { rate, byteKind } = view;
  const ratesOf = (row: IpTrafficRow): RatePair => shownRates(row, byteKind);
  return {
    ...commonColumns(view),
    packets: {
      id: 'packets',
      title: 'Pkts',
      width: 6,
      align: 'right',
      read: (row, line) => countCell(row.packets[line], 6),
    },
    bytes: {
      id: 'bytes',
      title: 'Bytes',
      width: 6,
      align: 'right',
      read: (row, line) => bytesCell(shownBytes(row, byteKind)[line], rate.base, 6),
    },
    rate: {
      id: 'rate',
      title: rateTitle(rate),
      width: 6,
      align: 'right',
      style: (row, line) => rateStyle(ratesOf(row)[line]),
      read: (row, line) => rateCell(ratesOf(row)[line], rate, 6),
    },
    share: {
      id: 'share',
      title: 'Share',
      width: 10,
      style: 'bar',
      read: (row, line) => shareBar(rateShare(ratesOf(row)[line], view.totalRate), 10),
    },
    flagsOrState: {
      id: 'state',
      title: 'Flags',
      width: 7,
      read: (row, line) => {
        const word = END_WORDS[row.state];
        return word === undefined ? (row.flags[line] ?? NO_FLAGS) : first(line, word);
      },
    },
    flags: { id: 'flags', title: 'Flags', width: 5, read: (row, line) => row.flags[line] ?? NO_FLAGS },
    state: {
      id: 'state',
      title: 'State',
      width: 9,
      style: (row) => (row.state === 'established' ? 'tcp' : 'heading'),
      read: (row, line) => first(line, stateWord(row.state)),
    },
    mac: {
      id: 'mac',
      title: 'Source MAC',
      width: 17,
      read: (row, line) => row.endpoints[line].mac ?? UNKNOWN,
    },
    size: {
      id: 'size',
      title: 'Pkt size',
      width: 8,
      align: 'right',
      read: (row, line) => countCell(row.lastPacketSize[line], 8),
    },
    window: {
      id: 'window',
      title: 'Window',
      width: 8,
      align: 'right',
      read: (row, line) => countCell(row.window[line], 8),
    },
    rtt: {
      id: 'rtt',
      title: 'RTT',
      width: 8,
      align: 'right',
      read: (row, line) => first(line, formatSeconds(row.rttSeconds)),
    },
    retransmissions: {
      id: 'retransmissions',
      title: 'Retrans',
      width: 8,
      align: 'right',
      style: (row, line) => ((row.retransmissions?.[line] ?? 0) > 0 ? 'heading' : 'dim'),
      read: (row, line) => countCell(row.retransmissions?.[line] ?? null, 8),
    },
  };
}

const MODE_COLUMNS: Record<TcpMode, readonly string[]> = {
  counts: ['packets', 'bytes'],
  mac: ['mac'],
  sizes: ['size', 'window'],
  latency: ['rtt', 'retransmissions'],
};

/** What wide terminals add, the most telling first. */
const TCP_EXTRAS = [
  'packets',
  'bytes',
  'rtt',
  'retransmissions',
  'idle',
  'window',
  'share',
  'size',
  'vlan',
  'age',
  'mac',
] as const;

/** From left to right; what M chose stands before all others. */
const TCP_ORDER = [
  'packets',
  'bytes',
  'rate',
  'share',
  'flagsOrState',
  'flags',
  'state',
  'interface',
  'rtt',
  'retransmissions',
  'window',
  'size',
  'vlan',
  'idle',
  'age',
  'mac',
];

/** From here on flags and state have a column each. */
const STATE_COLUMN_FROM = 96;

/** Least endpoint cells before the interface is left out where there is only one. */
const COMFORTABLE_ENDPOINT = 36;

function taken(columns: readonly IpColumn[]): number {
  return columns.reduce((sum, column) => sum + column.width + 1, 0);
}

/** Columns of the TCP panel for an inner width (frame excluded), in the mode chosen with M. */
export function tcpColumns(mode: TcpMode, view: IpTrafficView, innerWidth: number): IpColumn[] {
  const set = tcpColumnSet(view);
  const [firstOfMode] = MODE_COLUMNS[mode];
  set[firstOfMode] = marked(set[firstOfMode]);
  const names = new Set<string>([...MODE_COLUMNS[mode], 'rate']);
  const isWide = innerWidth >= STATE_COLUMN_FROM;
  for (const name of isWide ? ['flags', 'state'] : ['flagsOrState']) names.add(name);
  // One cell holds the bracket.
  const room = (): number => innerWidth - 1 - taken([...names].map((name) => set[name]));
  const endpointNeed = isWide || view.longEndpoints ? LONGEST_ENDPOINT : COMFORTABLE_ENDPOINT;
  if (view.severalInterfaces || room() - view.interfaceWidth - 1 >= endpointNeed) names.add('interface');
  for (const name of isWide ? TCP_EXTRAS : []) {
    if (room() - set[name].width - 1 >= LONGEST_ENDPOINT) names.add(name);
  }
  for (const name of names) if (view.hiddenColumns.has(set[name].id)) names.delete(name);
  const order = [...MODE_COLUMNS[mode], ...TCP_ORDER.filter((name) => !MODE_COLUMNS[mode].includes(name))];
  return [tcpEndpointColumn(view, room()), ...order.filter((name) => names.has(name)).map((name) => set[name])];
}

const TCP_TITLE = 'TCP connections (source host:port)';

function tcpEndpointColumn(view: IpTrafficView, width: number): IpColumn {
  return {
    id: 'source',
    title: width < TCP_TITLE.length + 2 ? 'TCP connections' : TCP_TITLE,
    width,
    read: (row, line) => endpointText(row.endpoints[line], 'tcp', view, width),
  };
}

function otherColumnSet(view: IpTrafficView): Record<string, IpColumn> {
  const { rate, byteKind } = view;
  const sum = ([a, b]: [number, number]): number => a + b;
  const rateOf = (row: IpTrafficRow): number | null => {
    const [a, b] = shownRates(row, byteKind);
    return a === null || b === null ? null : a + b;
  };
  const packets = (side: 0 | 1): IpColumn => ({
    id: side === 0 ? 'packets' : 'packets-back',
    title: side === 0 ? 'Pkts→' : 'Pkts←',
    width: 6,
    align: 'right',
    read: (row) => countCell(row.packets[side], 6),
  });
  const bytes = (side: 0 | 1): IpColumn => ({
    id: side === 0 ? 'bytes-sent' : 'bytes-back',
    title: side === 0 ? 'Bytes→' : 'Bytes←',
    width: 6,
    align: 'right',
    read: (row) => bytesCell(shownBytes(row, byteKind)[side], rate.base, 6),
  });
  return {
    ...commonColumns(view),
    protocol: {
      id: 'protocol',
      title: 'Proto',
      width: 7,
      style: (row) => protocolStyle(row.protocol, row.ipProtocol),
      read: (row) => protocolName(row.protocol, row.ipProtocol, row.etherType),
    },
    packets: {
      id: 'packets',
      title: 'Pkts',
      width: 6,
      align: 'right',
      read: (row) => countCell(sum(row.packets), 6),
    },
    sent: packets(0),
    received: packets(1),
    bytes: {
      id: 'bytes',
      title: 'Bytes',
      width: 6,
      align: 'right',
      read: (row) => bytesCell(sum(shownBytes(row, byteKind)), rate.base, 6),
    },
    bytesSent: bytes(0),
    bytesReceived: bytes(1),
    rate: {
      id: 'rate',
      title: rateTitle(rate),
      width: 6,
      align: 'right',
      style: (row) => rateStyle(rateOf(row)),
      read: (row) => rateCell(rateOf(row), rate, 6),
    },
    share: {
      id: 'share',
      title: 'Share',
      width: 10,
      style: 'bar',
      read: (row) => shareBar(rateShare(rateOf(row), view.totalRate), 10),
    },
    detail: { id: 'detail', title: 'Last said', width: 20, style: 'icmp', read: detailText },
    macs: {
      id: 'mac',
      title: 'Source MAC',
      width: 17,
      read: (row) => row.endpoints[0].mac ?? UNKNOWN,
    },
  };
}

/** What wide terminals add below, with the cells that the two endpoints must keep. */
const OTHER_EXTRAS: readonly [name: string, endpointsKeep: number][] = [
  ['bytes', 55],
  ['interface', 55],
  ['idle', 55],
  ['detail', 2 * LONGEST_ENDPOINT + 3],
  ['bytesSent', 70],
  ['bytesReceived', 70],
  ['share', 70],
  ['vlan', 70],
  ['age', 70],
  ['macs', 90],
];

/** Two IPv4 addresses with ports and an arrow between them. */
const LEAST_CONVERSATION = 45;

/** Narrow terminals show one count in place of two: the arrow still tells who has sent. */
function replaceDirections(names: Set<string>): void {
  names.delete('sent');
  names.delete('received');
  names.add('packets');
}

/** From left to right. */
const OTHER_ORDER = [
  'packets',
  'sent',
  'received',
  'bytes',
  'bytesSent',
  'bytesReceived',
  'rate',
  'share',
  'interface',
  'vlan',
  'idle',
  'age',
  'detail',
  'macs',
];

/** Columns of the panel of everything that is not TCP, for an inner width (frame excluded). */
export function otherColumns(view: IpTrafficView, innerWidth: number): IpColumn[] {
  const set = otherColumnSet(view);
  const names = new Set<string>(['sent', 'received', 'rate']);
  const room = (): number => innerWidth - taken([set.protocol, ...[...names].map((name) => set[name])]);
  if (view.severalInterfaces) names.add('interface');
  if (view.showSourceMacs) names.add('macs');
  if (room() < LEAST_CONVERSATION) replaceDirections(names);
  if (view.showSourceMacs && room() < LEAST_CONVERSATION) names.delete('packets');
  for (const [name, endpointsKeep] of OTHER_EXTRAS) {
    if (room() - set[name].width - 1 >= endpointsKeep) names.add(name);
  }
  for (const name of names) if (view.hiddenColumns.has(set[name].id)) names.delete(name);
  const width = room();
  const conversation: IpColumn = {
    id: 'source',
    title: 'From → to',
    width,
    read: (row) => conversationText(row, view, width, !names.has('detail')),
  };
  const shown = OTHER_ORDER.filter((name) => names.has(name)).map((name) => set[name]);
  return [set.protocol, conversation, ...shown];
}

/** Columns that C can switch off, by id, with their titles. */
export const OPTIONAL_COLUMNS: readonly (readonly [id: string, title: string])[] = [
  ['packets', 'Packets'],
  ['bytes', 'Bytes'],
  ['flags', 'Flags'],
  ['state', 'State'],
  ['interface', 'Interface'],
  ['rtt', 'Round-trip time'],
  ['retransmissions', 'Retransmissions'],
  ['window', 'Window'],
  ['size', 'Size of the last packet'],
  ['share', 'Share of the whole rate'],
  ['last-seen', 'Idle time'],
  ['first-seen', 'Age'],
  ['vlan', 'VLAN'],
  ['mac', 'Source MAC'],
  ['detail', 'Last ICMP or ARP message'],
];
