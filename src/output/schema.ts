/**
 * JSON Schemas of the lines that --json writes, from one source: the test suite writes them to schemas/ and validates
 * real output against them. Not part of the running program: typebox is a development dependency.
 */
import Type, { type TSchema } from 'typebox';
import { CONVERSATION_STATES } from '../../screens/ip-traffic/types.ts';

/** What the schemas are written in, for validators that know several. */
const DIALECT = 'http://json-schema.org/draft-07/schema#';

const exact = { additionalProperties: false } as const;

const orNull = <T extends TSchema>(schema: T) => Type.Union([schema, Type.Null()]);
const count = (description: string) => Type.Number({ minimum: 0, description });
const rate = (description: string) => orNull(Type.Number({ minimum: 0, description }));
const both = <T extends TSchema>(schema: T, description: string) =>
  Type.Tuple([schema, schema], { description: `${description}: [by endpoint 0, by endpoint 1]` });

/** ISO 8601, UTC, milliseconds. */
const time = orNull(Type.String({ pattern: '^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}\\.\\d{3}Z$' }));

const capture = Type.Object(
  {
    source: Type.Union([Type.Literal('ring'), Type.Literal('pcap'), Type.Literal('savefile')]),
    received: orNull(count('buffers that the source delivered or dropped')),
    droppedByKernel: orNull(count('lost because we were too slow')),
    droppedByInterface: orNull(count('lost before the kernel saw them')),
    malformed: count('packets that could not be decoded to their end'),
    malformedByReason: Type.Record(Type.String(), count('packets')),
    filteredOut: count('packets that the filter left out'),
    filter: orNull(Type.String({ description: 'the active filter or expression' })),
    coverage: orNull(Type.Number({ minimum: 0, description: "captured / kernel's counter, last minute" })),
    freezes: orNull(count('times the ring was full')),
    notWritten: count('packets that -w could not write'),
  },
  exact,
);

const totals = Type.Object(
  {
    packets: count('packets on the wire'),
    buffers: count('buffers that the kernel handed over: an offloaded one is several packets'),
    ipBytes: count('bytes of IP packets'),
    wireBytes: count('bytes of whole frames'),
    packetsPerSecond: rate('over the last window'),
    bytesPerSecond: rate('IP bytes over the last window'),
    wireBytesPerSecond: rate('frame bytes over the last window'),
  },
  exact,
);

const evicted = Type.Object(
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
    name: orNull(Type.String({ description: 'reverse DNS, where asked for and known' })),
    mac: orNull(Type.String()),
  },
  exact,
);

const ipTrafficRow = Type.Object(
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

/** A snapshot line of a monitor with these rows. */
function snapshotSchema(monitor: string, row: TSchema): TSchema {
  return Type.Object(
    {
      type: Type.Literal('snapshot'),
      schema: Type.Literal(1),
      monitor: Type.Literal(monitor),
      time,
      elapsedSeconds: count('since the capture began'),
      interface: Type.String({ description: 'interface name or "all"' }),
      capture,
      totals,
      evicted,
      rows: Type.Array(row),
      rowsTotal: count('rows there are; `rows` holds at most --limit of them'),
    },
    { $schema: DIALECT, ...exact, title: `iptraf-ts --json: snapshot of ${monitor}` },
  );
}

const eventSchema = Type.Object(
  {
    type: Type.Union(
      ['interface-down', 'interface-up', 'capture-damaged', 'capture-failed', 'write-failed', 'engine-lost'].map(
        (type) => Type.Literal(type),
      ),
    ),
    schema: Type.Literal(1),
    time,
    interface: Type.Optional(Type.String()),
    reason: Type.Optional(Type.String()),
    error: Type.Optional(
      Type.Object({
        code: Type.String(),
        operation: Type.String(),
        target: Type.String(),
        cause: Type.String(),
        remedy: Type.Optional(Type.String()),
      }),
    ),
  },
  { $schema: DIALECT, title: 'iptraf-ts --json: event' },
);

/** Files of the schemas folder. */
export const SCHEMAS: Readonly<Record<string, TSchema>> = {
  'snapshot-ip-traffic.json': snapshotSchema('ip-traffic', ipTrafficRow),
  'event.json': eventSchema,
};
