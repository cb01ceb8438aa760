/**
 * The parts that JSON Schemas are made of (schema.ts, src/logs/schema.ts): rows and totals of each monitor, the state of
 * the capture. Not part of the running program: typebox is a development dependency.
 */
import Type, { type TSchema } from 'typebox';
import { DETAILED_CLASSES } from '../../screens/detailed/types.ts';
import { CONVERSATION_STATES } from '../../screens/ip-traffic/types.ts';
import { NAME_ORIGINS } from '../names/known-name.ts';

/** What the schemas are written in, for validators that know several. */
export const DIALECT = 'http://json-schema.org/draft-07/schema#';

export const exact = { additionalProperties: false } as const;

export const orNull = <T extends TSchema>(schema: T) => Type.Union([schema, Type.Null()]);
export const count = (description: string) => Type.Number({ minimum: 0, description });
const rate = (description: string) => orNull(Type.Number({ minimum: 0, description }));
export const both = <T extends TSchema>(schema: T, description: string) =>
  Type.Tuple([schema, schema], { description: `${description}: [by endpoint 0, by endpoint 1]` });

/** ISO 8601, UTC, milliseconds. */
export const time = orNull(Type.String({ pattern: '^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}\\.\\d{3}Z$' }));

export const capture = Type.Object(
  {
    source: Type.Union([
      Type.Literal('ring'),
      Type.Literal('pcap'),
      Type.Literal('savefile'),
      Type.Literal('counters'),
    ]),
    received: orNull(count('buffers that the source delivered or dropped')),
    droppedByKernel: orNull(count('lost because we were too slow')),
    droppedByInterface: orNull(count('lost before the kernel saw them')),
    malformed: orNull(count('packets that could not be decoded to their end')),
    malformedByReason: Type.Record(Type.String(), count('packets')),
    filteredOut: count('packets that the filter left out'),
    filter: orNull(Type.String({ description: 'the active filter, expression, or both' })),
    passed: orNull(
      Type.Number({
        minimum: 0,
        maximum: 1,
        description: 'share of the packets that the filter lets through: live in the last minute, else of the file',
      }),
    ),
    kernelFilterRefusal: orNull(
      Type.String({ description: 'why the kernel hands over packets that the filter leaves out' }),
    ),
    coverage: orNull(Type.Number({ minimum: 0, description: "captured / kernel's counter, last minute" })),
    freezes: orNull(count('times the ring was full')),
    notWritten: count('packets that -w could not write'),
  },
  exact,
);

export const totals = {
  packets: count('packets on the wire'),
  buffers: orNull(count('buffers that the kernel handed over: an offloaded one is several packets')),
  ipBytes: orNull(count('bytes of IP packets')),
  wireBytes: count('bytes of whole frames'),
  packetsPerSecond: rate('over the last window'),
  bytesPerSecond: rate('IP bytes over the last window'),
  wireBytesPerSecond: rate('frame bytes over the last window'),
};

export const evicted = Type.Object(
  {
    conversations: count('conversations folded away because the table was full'),
    packets: count('what they carried'),
    ipBytes: count('what they carried'),
    wireBytes: count('what they carried'),
  },
  exact,
);

const endpoint = Type.Object(
  {
    address: Type.String({ description: 'IPv4, IPv6 or (non-IP) MAC address' }),
    port: orNull(Type.Integer({ minimum: 0, maximum: 65535 })),
    name: orNull(Type.String({ description: 'where asked for and known' })),
    nameSource: orNull(
      Type.Union(
        NAME_ORIGINS.map((origin) => Type.Literal(origin)),
        { description: 'how the name is known: seen on the wire, or looked up by us' },
      ),
    ),
    mac: orNull(Type.String()),
  },
  exact,
);

export const ipTrafficRow = Type.Object(
  {
    id: Type.Integer({ description: 'stays with the conversation while it lives' }),
    protocol: Type.String({
      description: 'lower case: tcp, udp, icmp, ipv6-icmp, arp; a number where there is no name',
    }),
    ipProtocol: orNull(Type.Integer({ minimum: 0, maximum: 255 })),
    etherType: orNull(Type.Integer({ minimum: 0, maximum: 65535 })),
    interface: Type.String(),
    vlan: orNull(Type.Integer({ minimum: 0, maximum: 4095 })),
    endpoints: Type.Tuple([endpoint, endpoint], { description: 'the sender of the first packet is endpoint 0' }),
    packets: both(count('packets'), 'packets sent'),
    ipBytes: both(count('bytes'), 'IP bytes sent'),
    wireBytes: both(count('bytes'), 'frame bytes sent'),
    bytesPerSecond: both(rate('IP bytes per second'), 'rate'),
    wireBytesPerSecond: both(rate('frame bytes per second'), 'rate'),
    flags: both(orNull(Type.String({ pattern: '^[S-][P-][A-][U-]$' })), 'TCP flags of the last packet'),
    state: Type.Union(CONVERSATION_STATES.map((state) => Type.Literal(state))),
    partial: orNull(Type.Boolean({ description: 'open already when we started' })),
    rttSeconds: orNull(Type.Number({ minimum: 0 })),
    retransmissions: orNull(both(count('segments'), 'retransmissions sent')),
    window: both(orNull(count('bytes')), 'advertised window in bytes'),
    lastPacketSize: both(orNull(count('bytes')), 'IP bytes of the last packet'),
    detail: both(orNull(Type.String()), 'last ICMP type and code'),
    process: Type.Null(),
    firstSeen: time,
    lastSeen: time,
  },
  exact,
);

export const packetSizesRow = Type.Object(
  {
    from: Type.Integer({ minimum: 1, description: 'bytes; smaller packets are in the first bracket' }),
    to: orNull(Type.Integer({ minimum: 1, description: 'bytes; null: no upper end' })),
    in: orNull(count('packets')),
    out: orNull(count('packets')),
    packets: count('of unknown direction included'),
    share: orNull(Type.Number({ minimum: 0, maximum: 1, description: 'of all packets' })),
    inBytes: orNull(count('sum of sizes')),
    outBytes: orNull(count('sum of sizes')),
    bytes: count('sum of sizes'),
    byteShare: orNull(Type.Number({ minimum: 0, maximum: 1, description: 'of the sum of all sizes' })),
    inPacketsPerSecond: rate('over the last window'),
    outPacketsPerSecond: rate('over the last window'),
    packetsPerSecond: rate('over the last window'),
  },
  exact,
);

const counts = Type.Object(
  {
    packets: count('packets'),
    ipBytes: orNull(count('bytes of IP packets')),
    wireBytes: count('bytes of whole frames'),
  },
  exact,
);
const windowRates = {
  packetsPerSecond: rate('over the last window'),
  bytesPerSecond: rate('IP bytes over the last window'),
  wireBytesPerSecond: rate('frame bytes over the last window'),
};
const directionOfInterface = orNull(
  Type.Object(
    {
      packets: count('packets'),
      ipBytes: count('bytes of IP packets'),
      wireBytes: count('bytes of whole frames'),
      ...windowRates,
    },
    { ...exact, description: 'null: the capture does not tell this direction' },
  ),
);
const linkShare = orNull(Type.Number({ minimum: 0, description: "frame bits per second / the link's speed" }));

export const generalRow = Type.Object(
  {
    interface: Type.String(),
    state: orNull(
      Type.Union([Type.Literal('up'), Type.Literal('no-carrier'), Type.Literal('down'), Type.Literal('gone')]),
    ),
    kind: orNull(Type.String({ description: 'driver of the card, or kind of virtual interface' })),
    master: orNull(Type.String({ description: 'bridge or bond that it belongs to' })),
    memberShare: orNull(
      Type.Number({ minimum: 0, maximum: 1, description: "of the master's members' bytes, last 60 rate windows" }),
    ),
    lower: Type.Array(Type.String(), { description: 'interfaces that it sits on' }),
    speed: orNull(Type.Number({ minimum: 0, description: 'Mbit/s' })),
    packets: orNull(count('packets')),
    bytes: orNull(count('bytes of IP packets')),
    wireBytes: orNull(count('bytes of whole frames')),
    ...windowRates,
    ipv4: orNull(counts),
    ipv6: orNull(counts),
    nonIp: orNull(counts),
    malformed: orNull(count('packets that could not be decoded to their end')),
    checksumErrors: orNull(count('IPv4 packets with a wrong header checksum')),
    in: directionOfInterface,
    out: directionOfInterface,
    load: Type.Tuple([linkShare, linkShare], { description: '[in, out]' }),
    kernel: orNull(
      Type.Object(
        {
          rxPackets: count('since start or reset'),
          rxBytes: count('since start or reset'),
          rxErrors: count('since start or reset'),
          rxDropped: count('since start or reset'),
          txPackets: count('since start or reset'),
          txBytes: count('since start or reset'),
          txErrors: count('since start or reset'),
          txDropped: count('since start or reset'),
        },
        { ...exact, description: "the kernel's own counters, read about once a second" },
      ),
    ),
    captured: orNull(
      Type.Tuple([count('in'), orNull(count('out'))], {
        description: 'packets captured when `kernel` was read, counted as the kernel counts: buffers on virtual links',
      }),
    ),
    missed: orNull(count('packets that the kernel counted and the capture did not get')),
  },
  exact,
);

const rates = Type.Object(windowRates, exact);
const ratesOfDirections = { total: rates, incoming: rates, outgoing: rates };

export const detailedRow = Type.Object(
  {
    class: Type.Union(DETAILED_CLASSES.map((each) => Type.Literal(each))),
    interface: Type.String({ description: 'interface name or "all"' }),
    total: counts,
    incoming: orNull(counts),
    outgoing: orNull(counts),
    rates: Type.Object(ratesOfDirections, exact),
  },
  exact,
);

const figuresOfTotals = (description: string) =>
  Type.Object({ ...ratesOfDirections, broadcast: rates, multicast: rates }, { ...exact, description });

/** Fields of `totals` that only this monitor has. */
export const detailedTotals = {
  averages: figuresOfTotals('since start or reset'),
  peaks: figuresOfTotals('the highest in one second; of broadcasts and multicasts in one window'),
  ipChecksumErrors: orNull(count('IPv4 packets with a wrong header checksum')),
  malformed: orNull(count('packets that could not be decoded to their end')),
  kernel: orNull(
    Type.Object(
      {
        rxPackets: count('received'),
        rxBytes: count('received'),
        txPackets: orNull(count('sent; null: not captured (loopback)')),
        txBytes: orNull(count('sent; null: not captured (loopback)')),
        rxErrors: count('receive errors'),
        txErrors: count('transmit errors'),
        rxDropped: count('received and dropped'),
        txDropped: count('dropped instead of sent'),
        missed: orNull(count('packets that the kernel counted and the capture did not get')),
      },
      { ...exact, description: "the kernel's own counters since start or reset, read about once a second" },
    ),
  ),
};

/** Fields of `totals` that only this monitor has. */
export const packetSizesTotals = {
  sizesOf: Type.Union([Type.Literal('network-packets'), Type.Literal('frames')], {
    description: 'network-packets: IP total length, other packets without their link header; frames: --bytes wire',
  }),
  mtu: orNull(Type.Integer({ minimum: 1, description: 'the brackets follow from it; null: 1500 was assumed' })),
  inAverageSize: orNull(count('bytes')),
  outAverageSize: orNull(count('bytes')),
  averageSize: orNull(count('bytes')),
  inLargestSize: orNull(count('bytes')),
  outLargestSize: orNull(count('bytes')),
  largestSize: orNull(count('bytes')),
};

const partsOfPort = (description: string) =>
  Type.Object({ total: rate(description), to: rate(description), from: rate(description) }, exact);

export const portsRow = Type.Object(
  {
    protocol: Type.Union(['tcp', 'udp', 'sctp', 'dccp', 'udplite'].map((name) => Type.Literal(name))),
    ipProtocol: Type.Integer({ minimum: 0, maximum: 255 }),
    port: Type.Integer({
      minimum: 0,
      maximum: 65535,
      description: '0: also fragments whose first one is missing, packets cut off before their ports',
    }),
    service: orNull(Type.String({ description: 'name in /etc/services' })),
    total: counts,
    to: counts,
    from: counts,
    packetsPerSecond: partsOfPort('over the last window'),
    bytesPerSecond: partsOfPort('IP bytes over the last window'),
    wireBytesPerSecond: partsOfPort('frame bytes over the last window'),
    conversations: count('distinct ones since the capture began'),
  },
  exact,
);

/** Fields of `totals` that only this monitor has. */
export const portsTotals = {
  ports: Type.Object(
    {
      packets: count('packets'),
      ipBytes: count('bytes of IP packets'),
      wireBytes: count('bytes of whole frames'),
      conversations: count('distinct ones since the capture began'),
    },
    { ...exact, description: 'all traffic of protocols with ports: what all rows add up to' },
  ),
};

const stationCounts = Type.Object(
  {
    packets: count('packets on the wire'),
    ipPackets: count('those that are IPv4 or IPv6'),
    ipBytes: count('bytes of IP packets'),
    wireBytes: count('bytes of whole frames'),
  },
  exact,
);

const inOut = (description: string) =>
  Type.Tuple([rate(description), rate(description)], { description: `${description}: [in, out]` });

export const lanStationsRow = Type.Object(
  {
    id: Type.Integer({ description: 'stays with the station while it lives' }),
    kind: Type.Union([Type.Literal('station'), Type.Literal('group')], {
      description: 'group: a multicast or broadcast address; groups come after all stations',
    }),
    interface: Type.String({ description: 'a station has a row for each interface that it was seen on' }),
    mac: Type.String({ pattern: '^[0-9a-f]{2}(:[0-9a-f]{2}){5}$' }),
    vendor: orNull(Type.String({ description: 'maker of the card; null: unknown, a group, or a local address' })),
    description: orNull(Type.String({ description: "the operator's own, else that of /etc/ethers, else the group's" })),
    addresses: Type.Array(Type.String(), { maxItems: 16, description: 'IP addresses it sent from, the newest' }),
    addressesTotal: count('different IP addresses it sent from'),
    addressesExact: Type.Boolean({ description: 'false: there may have been more' }),
    in: stationCounts,
    out: stationCounts,
    bytesPerSecond: inOut('IP bytes over the last window'),
    wireBytesPerSecond: inOut('frame bytes over the last window'),
    firstSeen: time,
    lastSeen: time,
  },
  exact,
);

/** Fields of `totals` that only this monitor has: rows + evicted + without addresses = everything. */
export const lanStationsTotals = {
  stations: count('rows of stations'),
  groups: count('rows of groups'),
  evictedStations: count('stations and groups folded away because the table was full'),
  evictedIn: stationCounts,
  evictedOut: stationCounts,
  withoutAddresses: stationCounts,
};
