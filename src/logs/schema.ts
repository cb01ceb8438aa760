/**
 * JSON Schema of the lines that --log-format json writes: one object a line, of one of these kinds. Rows and totals of
 * statistics are those of --json. Not part of the running program: typebox is a development dependency.
 */
import Type, { type TProperties, type TSchema } from 'typebox';
import { hostPairsRow, hostPairsTotals } from '../output/pair-schemas.ts';
import {
  both,
  capture,
  count,
  DIALECT,
  detailedRow,
  detailedTotals,
  exact,
  generalRow,
  ipTrafficRow,
  lanStationsRow,
  lanStationsTotals,
  orNull,
  packetSizesRow,
  packetSizesTotals,
  portsRow,
  portsTotals,
} from '../output/row-schemas.ts';
import type { LogEvent } from './record.ts';

const UTC = '^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}\\.\\d{3}Z$';
const moment = (description: string) => Type.String({ pattern: UTC, description });
const name = Type.String({ description: 'interface name, several with commas, "all", or the name of a file' });
const text = (description: string) => Type.String({ description });
const oneOf = (words: readonly string[], description?: string) =>
  Type.Union(
    words.map((word) => Type.Literal(word)),
    description === undefined ? {} : { description },
  );

/** What every line begins with. */
function line(events: readonly LogEvent[], monitor: TSchema, where: TSchema, facts: TProperties): TSchema {
  const time = moment('when it happened, in UTC');
  return Type.Object({ time, event: oneOf(events), monitor, interface: where, ...facts }, exact);
}

const ofProgram = (events: readonly LogEvent[], facts: TProperties): TSchema =>
  line(events, Type.Null(), Type.Null(), facts);
const ofMonitor = (events: readonly LogEvent[], monitor: string, facts: TProperties): TSchema =>
  line(events, Type.Literal(monitor), name, facts);

const { protocol, ipProtocol, etherType, vlan, packets, ipBytes, wireBytes, state, partial, retransmissions } =
  ipTrafficRow.properties;
const endpoint = Type.Object(
  { address: text('IPv4, IPv6 or (non-IP) MAC address'), port: orNull(Type.Integer({ minimum: 0, maximum: 65535 })) },
  exact,
);

/** Every conversation leaves one line with `final`. */
const conversation = ofMonitor(['opened', 'fin', 'closed', 'reset', 'timed-out', 'active'], 'ip-traffic', {
  protocol,
  ipProtocol,
  etherType,
  vlan,
  endpoints: both(endpoint, 'the sender of the first packet is endpoint 0'),
  packets,
  ipBytes,
  wireBytes,
  state,
  partial,
  retransmissions,
  firstSeen: moment('first packet'),
  lastSeen: moment('last packet'),
  final: Type.Optional(Type.Literal(true, { description: 'the one line that each conversation leaves' })),
  reason: Type.Optional(
    oneOf(
      ['fins', 'replaced', 'rst', 'unreachable', 'idle', 'evicted', 'still-open', 'forgotten'],
      'why it is final; evicted: the table was full; forgotten: counters were set to zero',
    ),
  ),
  conversations: Type.Optional(count('--log-flows: so many are summed up here')),
  windowSeconds: Type.Optional(count('--log-flows: in so many seconds')),
});

/** What passed in a time, and what did not reach us or could not be read. */
const sum = {
  seconds: count('length of the time'),
  packets: count('packets on the wire'),
  ipBytes: orNull(count('bytes of IP packets')),
  wireBytes: count('bytes of whole frames'),
  droppedByKernel: orNull(count('lost because we were too slow')),
  droppedByInterface: orNull(count('lost before the kernel saw them')),
  malformed: orNull(count('packets that could not be decoded to their end')),
};

const { source, received, droppedByKernel, droppedByInterface, malformed, malformedByReason, ...restOfCapture } =
  capture.properties;
const { filteredOut, filter, coverage } = restOfCapture;
const losses = { source, received, droppedByKernel, droppedByInterface, malformed, filteredOut, filter, coverage };

const threeCounts = Type.Object(
  { packets: count('packets'), ipBytes: count('bytes of IP packets'), wireBytes: count('bytes of whole frames') },
  exact,
);
const conversations = count('conversations');
const ofConversations = Type.Object({ conversations, ...threeCounts.properties }, exact);

const ipTrafficSum = {
  block: oneOf(['interval', 'hour', 'stopped']),
  hour: Type.Optional(text('HH:00 of the local clock')),
  ...sum,
  tcpOpened: count('TCP connections that opened'),
  tcpEnded: count('TCP connections that closed, were reset, or timed out'),
  conversations: count('conversations of any protocol that ended'),
  elapsedSeconds: count('since the capture began'),
  capture: Type.Object({ ...losses, malformedByReason }, exact),
};

/** A block begins with the whole; then comes a line for each row. */
const blockHead = (monitor: string, more: TProperties): TSchema =>
  ofMonitor(['interval'], monitor, {
    block: oneOf(['interval', 'stopped']),
    elapsedSeconds: count('since the capture began'),
    totals: Type.Object(
      {
        packets: count('packets on the wire'),
        buffers: orNull(count('buffers that the kernel handed over')),
        ipBytes: orNull(count('bytes of IP packets')),
        wireBytes: count('bytes of whole frames'),
      },
      exact,
    ),
    capture: Type.Object(losses, exact),
    ...more,
  });

const rowOf = (monitor: string, row: { properties: TProperties }, more: TProperties = {}): TSchema =>
  ofMonitor(['interval'], monitor, { ...row.properties, ...more });

/** `head` and `row`: what lines of this monitor have beside what all have. */
function statistics(monitor: string, head: TProperties, row: TSchema): TSchema[] {
  return [
    blockHead(monitor, head),
    row,
    ofMonitor(['interval'], monitor, { block: Type.Literal('hour'), hour: text('HH:00 of the local clock'), ...sum }),
    ofMonitor(['stopped'], monitor, sum),
  ];
}

const speed = (description: string) => orNull(count(`IP bytes per second ${description}`));

const alert = {
  state: oneOf(['started', 'ended']),
  alert: text('the rule, as --alert has it'),
  measure: text('what is measured'),
  subject: text('address, interface, or "all"'),
  value: Type.Number({ description: 'measured now; ended: the highest; in `unit`' }),
  limit: Type.Number({ description: 'in `unit`' }),
  unit: text('what value and limit are counted in'),
  since: orNull(moment('when it began')),
  cut: orNull(oneOf(['capture-ended', 'engine-lost'], 'ended although nobody saw the value go down')),
};

const message = text('the line of text says the same');
const anyInterface = orNull(name);

export const LOG_SCHEMA: object = Type.Union(
  [
    conversation,
    ofMonitor(['interval'], 'ip-traffic', ipTrafficSum),
    ofMonitor(['stopped'], 'ip-traffic', {
      ...ipTrafficSum,
      recorded: orNull(ofConversations),
      late: orNull(threeCounts),
      unrecorded: orNull(ofConversations),
    }),
    ...statistics(
      'general',
      {},
      rowOf('general', generalRow, {
        averageBytesPerSecond: speed('since the start'),
        peakBytesPerSecond: speed('in the busiest second'),
        lastIntervalBytesPerSecond: speed('since the last block'),
      }),
    ),
    ...statistics('detailed', detailedTotals, rowOf('detailed', detailedRow)),
    ...statistics('packet-sizes', packetSizesTotals, rowOf('packet-sizes', packetSizesRow)),
    ...statistics('host-pairs', { ...hostPairsTotals, rowsTotal: count('pairs') }, rowOf('host-pairs', hostPairsRow)),
    ...statistics('ports', { ...portsTotals, rowsTotal: count('ports') }, rowOf('ports', portsRow)),
    ...statistics('lan-stations', lanStationsTotals, rowOf('lan-stations', lanStationsRow)),
    line(['started'], text('a monitor'), name, {}),
    ofProgram(['started'], {
      program: text('name of the program'),
      version: text('of the program'),
      pid: Type.Integer({ minimum: 1 }),
      monitors: Type.Array(Type.Object({ monitor: text('its name'), interface: name }, exact)),
      filter: orNull(text('name of the stored filter')),
      expression: orNull(text('capture expression')),
    }),
    ofProgram(['stopped'], {
      program: text('name of the program'),
      runningSeconds: count('since the start'),
      engineRestarts: count('times that the capture engine was started again'),
    }),
    ofProgram(['reopened'], {}),
    ofProgram(['lost'], {
      target: oneOf(['file', 'syslog']),
      lines: count('lines that were lost'),
      since: moment('when the trouble began'),
      cause: text('why'),
    }),
    ofMonitor(['lost'], 'ip-traffic', { records: count('records of conversations that were lost') }),
    line(['alert-started', 'alert-ended'], Type.Null(), anyInterface, alert),
    ofProgram(['notice'], { alert: alert.alert, text: text('what keeps the rule from being judged') }),
    line(['notice'], Type.Null(), anyInterface, { message }),
    line(['error'], Type.Null(), anyInterface, {
      message,
      reason: Type.Optional(text('why the interface went down')),
      code: Type.Optional(text('stable code of the error')),
    }),
  ],
  { $schema: DIALECT, title: 'iptraf-ts --log-format json: line of a log' },
);
