import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { CONVERSATION_SEARCH_FIELDS, CONVERSATION_STATES } from '../../screens/ip-traffic/types.ts';
import { parseSearch } from '../../src/search/query.ts';
import { protocolWords, rowMatcher, type SearchedRow, type TermNames } from '../../src/search/rows.ts';
import { ConversationSearch } from '../../src/tables/conversation-search.ts';
import { ConversationTable } from '../../src/tables/conversation-table.ts';
import { Decoder } from '../../src/wire/decode.ts';
import { DecodedBatch } from '../../src/wire/decoded-batch.ts';
import { ETHERTYPE, etherTypeName, hasPorts, ipProtocolName } from '../../src/wire/numbers.ts';
import { arp, ethernet, ipv4, ipv6, packetBatches, tcp, udp } from '../support/packets.ts';

const INTERFACES = ['eth0', 'veth-web', 'br1'];
const IPV4 = ['10.0.0.1', '10.9.0.1', '10.9.200.30', '192.168.7.1', '9.10.9.10', '255.255.255.255', '0.0.0.0'];
const IPV6 = ['fe80::1', '2001:db8::beef', '2001:db8:9:10::', 'ff02::fb', '::1', '2001:db8:1:2:3:4:5:6'];
const PORTS = [0, 22, 53, 80, 443, 8080, 40_022, 65_535];
const PROTOCOLS = [1, 6, 17, 47, 58, 132, 253];

/** One conversation as it goes in; its first packet comes at second `place`. */
interface Spoken {
  place: number;
  ipProtocol: number | null;
  etherType: number;
  addresses: [string, string];
  ports: [number, number] | null;
  interfaceSlot: number;
}

function pick<T>(from: readonly T[], number: number): T {
  return from[number % from.length];
}

/** Any mix: the digits of a counter in mixed bases, so that every pair of values comes up. */
function spoken(place: number): Spoken {
  let rest = Math.imul(place + 1, 2_654_435_761) >>> 0;
  const next = (most: number): number => {
    rest = (Math.imul(rest, 1_103_515_245) + 12_345) >>> 0;
    return (rest >>> 8) % most;
  };
  const kind = next(10);
  if (kind === 0) {
    const addresses: [string, string] = [`02:00:5e:10:00:0${next(9)}`, 'ff:ff:ff:ff:ff:ff'];
    return { place, ipProtocol: null, etherType: ETHERTYPE.arp, addresses, ports: null, interfaceSlot: next(3) };
  }
  const pool = kind < 6 ? IPV4 : IPV6;
  const ipProtocol = pick(PROTOCOLS, next(PROTOCOLS.length));
  const ports: [number, number] | null = hasPorts(ipProtocol) ? [pick(PORTS, next(8)), pick(PORTS, next(8))] : null;
  const addresses: [string, string] = [pick(pool, next(97)), pick(pool, next(89))];
  return {
    place,
    ipProtocol,
    etherType: kind < 6 ? ETHERTYPE.ipv4 : ETHERTYPE.ipv6,
    addresses,
    ports,
    interfaceSlot: next(3),
  };
}

function frameOf({ ipProtocol, etherType, addresses: [source, destination], ports }: Spoken): Uint8Array {
  if (ipProtocol === null) {
    const request = arp({ senderMac: source, senderIp: '10.0.0.1', targetIp: '10.0.0.2' });
    return ethernet(ETHERTYPE.arp, request, { source, destination });
  }
  const [sourcePort, destinationPort] = ports ?? [0, 0];
  const load =
    ipProtocol === 6 ? tcp({ sourcePort, destinationPort }) : udp(sourcePort, destinationPort, new Uint8Array(32));
  if (etherType === ETHERTYPE.ipv4)
    return ethernet(etherType, ipv4({ source, destination, protocol: ipProtocol }, load));
  return ethernet(etherType, ipv6({ source, destination, nextHeader: ipProtocol }, load));
}

function searched({ ipProtocol, etherType, addresses, ports, interfaceSlot }: Spoken, state: number): SearchedRow {
  return {
    host: addresses,
    port: ports ?? [],
    proto: ipProtocol === null ? [etherTypeName(etherType)] : protocolWords(ipProtocolName(ipProtocol)),
    ipProtocol,
    state: [CONVERSATION_STATES[state]],
    iface: [INTERFACES[interfaceSlot]],
  };
}

const ALL = Array.from({ length: 1500 }, (_, place) => spoken(place));
let table: ConversationTable;
/** By row of the table. */
const conversations: Spoken[] = [];

beforeAll(() => {
  table = new ConversationTable({ maximumRows: 4000 });
  const decoder = new Decoder({ decapsulate: true });
  const batch = new DecodedBatch();
  const packets = ALL.map((each) => ({ bytes: frameOf(each), seconds: each.place, interfaceSlot: each.interfaceSlot }));
  for (const packetBatch of packetBatches(packets)) {
    decoder.decode(packetBatch, batch);
    batch.selected.fill(1, 0, batch.count);
    table.account(batch);
  }
  for (let row = 0; row < table.highWater; row++) conversations[row] = ALL[table.firstSeen[row]];
});

const fielded = fc.constantFrom(
  ...[
    'tcp',
    '10.9',
    '9.1',
    ':',
    'beef',
    '443',
    '22',
    '0',
    'eth',
    'est',
    'arp',
    'icmp',
    '0x',
    'ff:ff',
    '"10.9.0.1"',
    'zz',
  ],
  ...[
    'host:10.9.0.1',
    'host:10.0.0.0/8',
    'host:0.0.0.0/0',
    'host:9.10',
    'host:fe80::/10',
    'host:::/0',
    'host:2001:db8::beef',
  ],
  ...[
    'host:5e:10',
    'host:10.9.0.1,fe80::1',
    'host:/^10\\.9\\./',
    'host:/(:|\\.)1$/',
    'host:/^2001.*b.*[0-9]$/',
    '/^(br|10)/',
  ],
  ...['port:22', 'port:80-443,53', 'port:/22$/', 'port:65535', 'port:ssh', 'proto:icmp', 'proto:icmpv6', 'proto:6,47'],
  ...[
    'proto:/^(tcp|arp)$/',
    'proto:253',
    'state:active',
    'state:/^c/',
    'state:closed,new',
    'iface:br1',
    'iface:/eth.$/',
  ],
  ...['process:sshd', 'process:/./'],
);
const term = fc.tuple(fc.constantFrom('', '', '!'), fielded).map((parts) => parts.join(''));
const names: fc.Arbitrary<TermNames> = fc.record(
  {
    addresses: fc.subarray([...IPV4, ...IPV6], { maxLength: 2 }),
    ports: fc.subarray(PORTS, { maxLength: 2 }),
  },
  { requiredKeys: [] },
);

/** As screens tell them: addresses of hosts and ports of services, where the term looks at such. */
function fitting(text: string, given: TermNames): TermNames {
  const field = /^!?([a-z]+):/.exec(text)?.[1] ?? null;
  return {
    ...(field === null || field === 'host' ? { addresses: given.addresses } : {}),
    ...(field === null || field === 'port' ? { ports: given.ports } : {}),
  };
}

describe('a search of the conversation table', () => {
  it('has every kind of row to look through', () => {
    expect(table.count).toBeGreaterThan(700);
    expect(new Set(conversations.map(({ ipProtocol }) => ipProtocol)).size).toBe(PROTOCOLS.length + 1);
  });

  it('shows the rows that the search over plain rows shows', () => {
    const terms = fc.array(fc.tuple(term, names), { minLength: 1, maxLength: 3 });
    fc.assert(
      fc.property(terms, fc.nat(CONVERSATION_STATES.length - 1), (given, anyState) => {
        const text = given.map(([each]) => each).join(' ');
        const query = parseSearch(text, CONVERSATION_SEARCH_FIELDS);
        const known = given.map(([each, more]) => fitting(each, more));
        const words = { states: CONVERSATION_STATES, interfaces: INTERFACES };
        const search = new ConversationSearch(table, query, known, words);
        const plain = rowMatcher(query, known);
        const stateOf = (row: number): number => (row + anyState) % CONVERSATION_STATES.length;
        const rows = conversations.map((_, row) => row);
        const shown = rows.filter((row) => search.matches(row, stateOf(row)));
        expect([text, shown]).toEqual([text, rows.filter((row) => plain(searched(conversations[row], stateOf(row))))]);
      }),
      { numRuns: 150 },
    );
  });
});
