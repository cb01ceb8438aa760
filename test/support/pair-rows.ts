/** Rows of the host pair monitor as literals, and a monitor of a few lines that answers queries from them. */
import {
  HOST_PAIR_SEARCH_FIELDS,
  type HostPairExtra,
  type HostPairOptions,
  type HostPairRow,
  type PairCounts,
  type PairEndpoint,
  type PairFigures,
  type PairQuantity,
  type PairRates,
  type WindowRates,
} from '../../screens/host-pairs/types.ts';
import type { Snapshot, SnapshotHead } from '../../src/engine/messages.ts';
import type { Query } from '../../src/engine/monitor.ts';
import { Pattern } from '../../src/search/pattern.ts';
import { parseSearch } from '../../src/search/query.ts';
import { rowMatcher } from '../../src/search/rows.ts';
import { snapshotHead } from './screens.ts';

const NOW = 1_795_229_100;
const SECONDS = [2, 10, 40];

/** "10.0.0.1", "10.0.0.0/8", "10.0.0.1 443", "*". */
function endpoint(text: string): PairEndpoint {
  const [host, port] = text.split(' ');
  const [address, prefix] = host.split('/');
  return {
    address: address === '*' ? null : address,
    prefix: prefix === undefined ? null : Number(prefix),
    port: port === undefined ? null : Number(port),
    name: null,
  };
}

/** Figures of a pair from its rates [sent, received] in bytes a second, and bytes since it began. */
function figures(rates: WindowRates, ipBytes: PairCounts): PairFigures {
  const counts = rates.map((pair, i) => pair.map((rate) => Math.round((rate ?? 0) * SECONDS[i])));
  const packets = ipBytes.map((bytes) => Math.ceil(bytes / 700)) as PairCounts;
  const [sent, received] = rates[0];
  return {
    rates,
    counts: counts as PairFigures['counts'],
    peak: [
      sent === null ? null : sent * 1.2,
      received === null ? null : received * 1.2,
      // Both had their highest at different times.
      sent === null || received === null ? null : Math.max(sent, received) * 1.2 + Math.min(sent, received) * 1.1,
    ],
    packets,
    ipBytes,
    wireBytes: ipBytes.map((bytes, i) => bytes + packets[i] * 14) as PairCounts,
  };
}

let nextId = 1;

function row(ours: string, theirs: string, rates: WindowRates, ipBytes: PairCounts, parts: Partial<HostPairRow> = {}) {
  return {
    id: nextId++,
    interface: 'eth0',
    quantity: 'ipBytes',
    endpoints: [endpoint(ours), endpoint(theirs)],
    protocol: null,
    ipProtocol: null,
    side: 'address',
    conversations: 3,
    firstSeen: NOW - 120,
    lastSeen: NOW - 1,
    ...figures(rates, ipBytes),
    ...parts,
  } satisfies HostPairRow as HostPairRow;
}

const steady = (sent: number, received: number): WindowRates => {
  return [1, 0.96, 0.9].map((part): PairRates => [sent * part, received * part]) as WindowRates;
};
const UNKNOWN: WindowRates = [
  [null, null],
  [null, null],
  [null, null],
];

/** One for each thing that a line may have to say. */
export function pairRows(): HostPairRow[] {
  return [
    row('192.168.178.20', '93.184.216.34', steady(2_380_000, 48_000), [35_800_000, 1_280_000]),
    row('192.168.178.20', '10.99.77.2', steady(366_250, 1_930_000), [5_490_000, 48_120_000], { conversations: 412 }),
    row(
      '2001:db8:85a3:8d3:1319:8a2e:370:7348',
      '2a02:8109:b6c0:1e54:d1c7:5f2a:9b3e:4c11',
      steady(211, 125_000),
      [2180, 1_380_000],
    ),
    row('192.168.178.20', '224.0.0.251', steady(1310, 0), [6230, 0], { side: 'multicast' }),
    row('192.168.178.31', '192.168.178.47', steady(12, 9), [940, 812], { side: 'order', interface: 'br-office0' }),
    row('192.168.178.20', '198.51.100.7', UNKNOWN, [60, 0], { conversations: 1 }),
    row('fe80::1', 'ff02::fb', steady(0, 0), [412, 0]),
    row(
      '192.168.178.20',
      '203.0.113.255',
      [
        [0, 0],
        [0, 1],
        [120_125, 3],
      ],
      [123_456_789_012, 99],
    ),
  ];
}

/** The same with ports and networks. */
export function portRows(): HostPairRow[] {
  const tcp = { protocol: 'tcp', ipProtocol: 6 };
  return [
    row('192.168.178.20 50432', '93.184.216.34 443', steady(2_380_000, 48_000), [35_800_000, 1_280_000], tcp),
    row('192.168.178.20 50432', '93.184.216.34 443', steady(2000, 4000), [1_800_000, 280_000], {
      protocol: 'udp',
      ipProtocol: 17,
    }),
    row('2001:db8:85a3:8d3:1319:8a2e:370:7348 51820', '2a02:8109:b6c0:1e54::1 443', steady(1e3, 1e5), [1, 1], tcp),
    row('192.168.178.20', '192.168.178.1', steady(84, 84), [840, 840], { protocol: 'icmp', ipProtocol: 1 }),
  ];
}

export function networkRows(): HostPairRow[] {
  return [
    row('192.168.178.0/24', '93.184.0.0/16', steady(2_380_000, 48_000), [35_800_000, 1_280_000]),
    row('192.168.178.0/24', '*', steady(2000, 4000), [1_800_000, 280_000]),
    row('2001:db8:85a3::/48', '2a02:8109::/32', steady(1e3, 1e5), [1, 1]),
  ];
}

const nothing = { packets: 0, ipBytes: 0, wireBytes: 0 };

/** Answers from literal rows, in their order. */
export class LiteralPairs {
  rows: HostPairRow[] = pairRows();
  quantity: PairQuantity = 'ipBytes';
  remainder: Partial<HostPairExtra> = {};
  readonly asked: Query[] = [];
  readonly head: SnapshotHead;

  constructor(head: Partial<SnapshotHead> = {}) {
    this.head = snapshotHead({ monitor: 'host-pairs', time: NOW, ...head });
  }

  answer(query: Query): Snapshot<HostPairRow> {
    this.asked.push(query);
    const { search, searchNames, screenFilter } = query.options as unknown as HostPairOptions;
    const isFound = rowMatcher(parseSearch(search ?? '', HOST_PAIR_SEARCH_FIELDS), searchNames);
    const pattern = screenFilter === null ? null : new Pattern(screenFilter.pattern);
    const shown = this.rows.filter(({ endpoints }) => {
      const addresses = endpoints.map(({ address }) => address ?? '*');
      const isNamed = addresses.some((address) => screenFilter?.addresses.includes(address));
      const isMatched = pattern === null || isNamed || addresses.some((address) => pattern.test(address));
      return isMatched && isFound({ host: addresses, other: addresses });
    });
    const limit = query.limit === 0 ? shown.length : query.limit;
    const offset = Math.max(0, Math.min(query.offset, shown.length - limit));
    const rows = shown.slice(offset, offset + limit);
    const hidden = this.rows.length - shown.length;
    return { ...this.head, rows, offset, rowsTotal: shown.length, hidden, extra: { ...this.#extra() } };
  }

  #extra(): HostPairExtra {
    const add = (pick: (row: HostPairRow) => PairRates): PairRates => {
      const known = this.rows.map(pick);
      return [0, 1].map((i) => known.reduce((sum, pair) => sum + (pair[i] ?? 0), 0)) as PairRates;
    };
    const rates = [0, 1, 2].map((window) => add((row) => row.rates[window])) as WindowRates;
    const totals = figures(this.rows.length === 0 ? UNKNOWN : rates, add((row) => row.ipBytes) as PairCounts);
    return {
      quantity: this.quantity,
      secondsAgo: 0,
      totals,
      gone: { ...nothing, pairs: 0 },
      more: nothing,
      nonIp: nothing,
      leftOut: nothing,
      ...this.remainder,
    };
  }
}
