/**
 * Rows of the IP traffic monitor as literals: every state of TCP, the other protocols, long addresses. And a monitor of
 * a few lines that answers queries from them, so that screens can be driven without an engine.
 */
import {
  CONVERSATION_SEARCH_FIELDS,
  type Endpoint,
  type HostMatch,
  type IpTrafficOptions,
  type IpTrafficRow,
  type PacketLine,
  type RatePair,
  type WithinFigures,
} from '../../screens/ip-traffic/types.ts';
import type { Screen } from '../../screens/kit/screen.ts';
import type { Snapshot, SnapshotHead } from '../../src/engine/messages.ts';
import type { Query } from '../../src/engine/monitor.ts';
import { parseSearch } from '../../src/search/query.ts';
import { protocolWords, rowMatcher, type SearchedRow } from '../../src/search/rows.ts';
import { snapshotHead } from './screens.ts';

/** Engine time of the snapshots, seconds since 1970. */
export const NOW = 1_795_229_100;

const LONG_V6 = '2001:db8:85a3:8d3:1319:8a2e:370:7348';
const LONGEST_V6 = '2a02:8109:b6c0:1e54:d1c7:5f2a:9b3e:4c11';

let nextId = 1;

type RowParts = Omit<Partial<IpTrafficRow>, 'endpoints'>;

function endpoint(text: string, last: number): IpTrafficRow['endpoints'][0] {
  const [address, port] = text.split(' ');
  const isMac = /^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/.test(address);
  const mac = isMac ? address : `02:00:5e:10:00:${last.toString(16).padStart(2, '0')}`;
  return { address, port: port === undefined ? null : Number(port), name: null, mac };
}

function row(from: string, to: string, parts: RowParts): IpTrafficRow {
  const id = nextId++;
  const packets = parts.packets ?? [10, 8];
  const ipBytes = parts.ipBytes ?? [packets[0] * 60, packets[1] * 52];
  const bytesPerSecond = parts.bytesPerSecond ?? [0, 0];
  return {
    id,
    protocol: 'tcp',
    ipProtocol: 6,
    etherType: null,
    interface: 'eth0',
    vlan: null,
    endpoints: [endpoint(from, 2 * id), endpoint(to, 2 * id + 1)],
    packets,
    ipBytes,
    wireBytes: [ipBytes[0] + packets[0] * 14, ipBytes[1] + packets[1] * 14],
    bytesPerSecond,
    wireBytesPerSecond: [(bytesPerSecond[0] ?? 0) * 1.1, (bytesPerSecond[1] ?? 0) * 1.1],
    flags: ['-PA-', '--A-'],
    state: 'established',
    partial: false,
    rttSeconds: null,
    retransmissions: [0, 0],
    window: [64_256, 65_152],
    lastPacketSize: [60, 52],
    detail: [null, null],
    process: null,
    firstSeen: NOW - 600 - id,
    lastSeen: NOW - 0.25,
    ...parts,
  };
}

const quiet = (seconds: number): RowParts => ({ lastSeen: NOW - seconds });

/** One row for each state and for each thing that a cell may have to say. */
export function tcpRows(): IpTrafficRow[] {
  nextId = 1;
  return [
    row('10.77.0.1 33418', '10.77.0.2 443', {
      packets: [48_211, 94_120],
      ipBytes: [2_604_401, 134_201_557],
      bytesPerSecond: [24_120, 1_204_332],
      rttSeconds: 0.01234,
      window: [3_145_728, 64_256],
      lastPacketSize: [52, 1500],
    }),
    row(`${LONGEST_V6} 54321`, `${LONG_V6} 443`, {
      packets: [1811, 2904],
      ipBytes: [220_112, 3_301_988],
      bytesPerSecond: [1200, 20_400],
      retransmissions: [3, 0],
      rttSeconds: 0.000_412,
      vlan: 42,
    }),
    row('192.168.100.200 54321', '203.0.113.117 22', {
      partial: true,
      bytesPerSecond: [12.5, 80],
      window: [501, null],
    }),
    row('10.77.0.50 40021', '10.77.0.51 21', {
      state: 'syn-sent',
      packets: [3, 0],
      ipBytes: [180, 0],
      flags: ['S---', null],
      retransmissions: [2, 0],
      window: [64_240, null],
      lastPacketSize: [60, null],
      ...quiet(4),
    }),
    row('10.77.0.50 40022', '10.77.0.51 22', {
      state: 'syn-received',
      packets: [1, 1],
      ipBytes: [60, 60],
      flags: ['S---', 'S-A-'],
      ...quiet(0.5),
    }),
    row('10.77.0.9 51000', '10.77.0.2 8080', { state: 'fin-wait', rttSeconds: 1.204, ...quiet(2) }),
    row('10.77.0.9 51001', '10.77.0.2 8080', { state: 'closing', flags: ['--A-', '--A-'], ...quiet(3) }),
    row('10.77.0.50 40080', '10.77.0.51 80', { state: 'closed', flags: ['--A-', '--A-'], ...quiet(30) }),
    row('10.77.0.50 40110', '10.77.0.51 110', {
      state: 'reset',
      packets: [2, 1],
      flags: ['S---', '--A-'],
      ...quiet(65),
    }),
    row('10.77.0.77 40999', '10.77.0.51 5432', { state: 'timed-out', ...quiet(1320) }),
    row('fe80::2c78:2cff:fee2:be5e 179', 'fe80::746b:fcff:fe20:1c19 41002', {
      state: 'new',
      partial: true,
      packets: [99_999_999, 123_456_789],
      ipBytes: [5_999_999_940, 18_518_518_350_000],
      interface: 'enp0s31f6',
      ...quiet(11),
    }),
  ];
}

/** Everything that is not TCP. */
export function otherRows(): IpTrafficRow[] {
  nextId = 101;
  const other = (protocol: string, ipProtocol: number | null, parts: RowParts = {}): RowParts => ({
    protocol,
    ipProtocol,
    flags: [null, null],
    partial: null,
    retransmissions: null,
    window: [null, null],
    state: 'active',
    ...parts,
  });
  const idle = { state: 'idle', ...quiet(400) } as const;
  const oneWay = { packets: [3, 0] as [number, number] };
  const nonIp = (etherType: number, parts: RowParts = {}): RowParts =>
    other('x', null, { etherType, ipBytes: [0, 0], lastPacketSize: [null, null], ...parts });
  return [
    row(
      '192.168.100.200 54321',
      '203.0.113.253 51820',
      other('udp', 17, {
        packets: [88_120, 91_002],
        ipBytes: [101_204_120, 99_120_200],
        bytesPerSecond: [812_000, 790_000],
      }),
    ),
    row('10.77.0.1 49811', '10.77.0.2 53', other('udp', 17, { packets: [1, 1], ipBytes: [62, 94] })),
    row('10.77.0.1', '10.77.0.2', other('icmp', 1, { detail: ['echo req', 'echo rply'], bytesPerSecond: [84, 84] })),
    row('10.77.0.1', '10.77.0.9', other('icmp', 1, { ...oneWay, detail: ['dest unrch (port)', null] })),
    row(
      'fe80::2c78:2cff:fee2:be5e',
      'ff02::1:ff20:1c19',
      other('ipv6-icmp', 58, { ...oneWay, detail: ['neigh sol', null] }),
    ),
    row(`${LONGEST_V6} 54321`, `${LONG_V6} 443`, other('udp', 17, { packets: [12, 40], vlan: 42 })),
    row('10.77.0.2', '224.0.0.5', other('ospf', 89, { ...oneWay, ...idle })),
    row('10.77.0.2', '10.77.0.1', other('esp', 50, { packets: [40, 0] })),
    row('10.77.0.2', '10.77.0.1', other('253', 253, { packets: [1, 0], ...idle })),
    row('02:11:22:33:44:55', '76:6b:fc:20:1c:19', nonIp(0x0806, { protocol: 'arp', packets: [2, 2] })),
    row('02:11:22:33:44:55', '01:80:c2:00:00:0e', nonIp(0x88cc, { protocol: 'lldp', ...oneWay, ...idle })),
    row('02:11:22:33:44:55', 'ff:ff:ff:ff:ff:ff', nonIp(0x88b5, { protocol: '0x88b5', packets: [1, 0] })),
  ];
}

/** Packets as the packet-by-packet view gets them, oldest first. */
export function packetLines(count: number): PacketLine[] {
  const kinds: Partial<PacketLine>[] = [
    { protocol: 'tcp', sourcePort: 33418, destinationPort: 443, bytes: 1500, detail: '-PA-' },
    { protocol: 'icmp', bytes: 84, detail: 'echo req' },
    { protocol: 'udp', sourcePort: 49811, destinationPort: 53, bytes: 62, detail: '' },
    {
      protocol: 'ipv6-icmp',
      source: 'fe80::2c78:2cff:fee2:be5e',
      destination: 'ff02::1:ff20:1c19',
      bytes: 72,
      detail: 'neigh sol',
    },
    {
      protocol: 'arp',
      source: '02:11:22:33:44:55',
      destination: 'ff:ff:ff:ff:ff:ff',
      bytes: 42,
      detail: 'request for 10.77.0.1',
    },
    { protocol: 'udp', bytes: 40, detail: '', malformed: 'badUdpLength' },
    {
      protocol: 'tcp',
      source: LONGEST_V6,
      destination: LONG_V6,
      sourcePort: 54321,
      destinationPort: 443,
      bytes: 72,
      detail: 'S-A-',
    },
  ];
  return Array.from({ length: count }, (_, i) => ({
    number: i,
    ipProtocol: null,
    time: NOW - (count - i) * 0.013_25,
    interface: 'eth0',
    source: '10.77.0.1',
    sourcePort: null,
    destination: '10.77.0.2',
    destinationPort: null,
    malformed: null,
    ...(kinds[i % kinds.length] as Pick<PacketLine, 'protocol' | 'bytes' | 'detail'>),
  }));
}

/** null as soon as one rate is not known. */
function rateSum(rows: readonly IpTrafficRow[], field: 'bytesPerSecond' | 'wireBytesPerSecond'): number | null {
  const rates = rows.flatMap((row): RatePair => row[field]);
  return rates.reduce((total, rate) => (total === null || rate === null ? null : total + rate), 0);
}

/** A monitor on literal rows. Order is that of the literals. */
export class LiteralMonitor {
  rows: IpTrafficRow[] = [...tcpRows(), ...otherRows()];
  packets: PacketLine[] = [];
  head: SnapshotHead;
  readonly asked: Query[] = [];

  constructor(head: Partial<SnapshotHead> = {}) {
    this.head = snapshotHead({
      time: NOW,
      interfaces: [
        { slot: 0, name: 'eth0', up: true },
        { slot: 1, name: 'enp0s31f6', up: true },
      ],
      ...head,
    });
  }

  answer(query: Query): Snapshot {
    this.asked.push(query);
    this.#addUp();
    const options = query.options as unknown as IpTrafficOptions;
    if (options.panel === 'packets') return this.#packetPage(query, options);
    const part = this.rows.filter((each) => isWithin(each, options.within));
    const panel = part.filter(
      (each) => options.panel === 'all' || (each.protocol === 'tcp') === (options.panel === 'tcp'),
    );
    const isFound = rowMatcher(parseSearch(options.search ?? '', CONVERSATION_SEARCH_FIELDS), options.searchNames);
    const shown = panel.filter((each) => isFound(searched(each)));
    const limit = query.limit === 0 ? shown.length : query.limit;
    const offset = pageOffset(
      query,
      shown.findIndex((each) => each.id === query.follow),
      limit,
      shown.length,
    );
    const tcp = part.filter((each) => each.protocol === 'tcp');
    const extra = {
      tcpConversations: tcp.length,
      otherConversations: part.length - tcp.length,
      within: options.within === undefined ? null : figures(part),
      tcpBytesPerSecond: rateSum(tcp, 'bytesPerSecond'),
      otherBytesPerSecond: rateSum(
        part.filter((each) => each.protocol !== 'tcp'),
        'bytesPerSecond',
      ),
    };
    const rows = shown.slice(offset, offset + limit);
    return { ...this.head, rows, offset, rowsTotal: shown.length, hidden: panel.length - shown.length, extra };
  }

  /** Totals that the rows add up to. */
  #addUp(): void {
    const sum = (of: (row: IpTrafficRow) => [number, number]): number =>
      this.rows.reduce((total, each) => total + of(each)[0] + of(each)[1], 0);
    const bytesPerSecond = rateSum(this.rows, 'bytesPerSecond');
    this.head.totals = {
      packets: sum((each) => each.packets),
      buffers: sum((each) => each.packets) / 2,
      ipBytes: sum((each) => each.ipBytes),
      wireBytes: sum((each) => each.wireBytes),
      packetsPerSecond: bytesPerSecond === null ? null : bytesPerSecond / 800,
      bytesPerSecond,
      wireBytesPerSecond: rateSum(this.rows, 'wireBytesPerSecond'),
    };
  }

  #packetPage(query: Query, options: IpTrafficOptions): Snapshot {
    const text = options.search ?? '';
    const shown = this.packets.filter((line) => `${line.source} ${line.protocol} ${line.detail}`.includes(text));
    const offset = Math.max(0, Math.min(query.offset, shown.length - query.limit));
    const rows = shown.slice(offset, offset + query.limit);
    const hidden = this.packets.length - shown.length;
    return { ...this.head, rows, offset, rowsTotal: shown.length, hidden, extra: {} };
  }

  /** Asks what the screen wants to know and hands it over, as the loop does. */
  feed(screen: Screen): void {
    screen.update?.(screen.queries().map(({ query }) => this.answer(query)));
  }
}

function isWithin(row: IpTrafficRow, within: IpTrafficOptions['within'] = {}): boolean {
  const { port, hosts } = within;
  const [first, second] = row.endpoints;
  const isPort = (): boolean =>
    row.ipProtocol === port?.ipProtocol && row.endpoints.some((each) => each.port === port.port);
  if (port !== undefined && !isPort()) return false;
  if (hosts === undefined) return true;
  const [a, b] = hosts.ends;
  const fits = (isEnd(a, first) && isEnd(b, second)) || (isEnd(a, second) && isEnd(b, first));
  return (
    fits &&
    (hosts.interface ?? row.interface) === row.interface &&
    (hosts.ipProtocol ?? row.ipProtocol) === row.ipProtocol
  );
}

/** Single hosts alone: these rows are in no networks. */
function isEnd({ address, port }: HostMatch, endpoint: Endpoint): boolean {
  return (address ?? endpoint.address) === endpoint.address && (port ?? endpoint.port) === endpoint.port;
}

function figures(rows: readonly IpTrafficRow[]): WithinFigures {
  const sum = (of: (row: IpTrafficRow) => [number, number]): number =>
    rows.reduce((total, each) => total + of(each)[0] + of(each)[1], 0);
  return {
    packets: sum((each) => each.packets),
    ipBytes: sum((each) => each.ipBytes),
    wireBytes: sum((each) => each.wireBytes),
    bytesPerSecond: rateSum(rows, 'bytesPerSecond'),
    wireBytesPerSecond: rateSum(rows, 'wireBytesPerSecond'),
  };
}

function pageOffset(query: Query, position: number, limit: number, total: number): number {
  let offset = query.offset;
  if (position >= 0) offset = position < offset ? position : Math.max(offset, position - limit + 1);
  return Math.max(0, Math.min(offset, total - limit));
}

function searched(row: IpTrafficRow): SearchedRow {
  const { protocol, ipProtocol, endpoints, state } = row;
  return {
    host: endpoints.map(({ address }) => address),
    port: endpoints.map(({ port }) => port),
    proto: protocolWords(protocol),
    ipProtocol,
    state: [state],
    iface: [row.interface],
  };
}
