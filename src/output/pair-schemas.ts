/** The parts of JSON Schemas that describe host pairs (schema.ts, src/logs/schema.ts). Not part of the running program. */
import Type, { type TSchema } from 'typebox';
import { PAIR_WINDOWS, SIDE_REASONS } from '../../screens/host-pairs/types.ts';
import { NAME_ORIGINS } from '../names/known-name.ts';
import { count, exact, orNull, time } from './row-schemas.ts';

const sentAndReceived = <T extends TSchema>(each: T) => Type.Tuple([each, each], { description: '[sent, received]' });
const rate = orNull(Type.Number({ minimum: 0 }));

const byWindow = <T extends TSchema>(each: T, description: string) =>
  orNull(
    Type.Object(Object.fromEntries(PAIR_WINDOWS.map((seconds) => [`${seconds}s`, sentAndReceived(each)])), {
      ...exact,
      description: `${description}; null: something else is counted (--bytes)`,
    }),
  );

const averages = (of: string) => byWindow(rate, `${of} a second, averages over the last 2, 10 and 40 s`);
// Below zero where fragments moved to the conversation they belong to after their second was over.
const windowCounts = (of: string) => byWindow(Type.Number(), `${of} in the last 2, 10 and 40 s`);
const peaks = (of: string) =>
  orNull(
    Type.Tuple([rate, rate, rate], {
      description: `highest average over 2 s within 40 s, ${of} a second: [sent, received, both together]`,
    }),
  );

const figures = {
  packets: sentAndReceived(count('packets')),
  ipBytes: sentAndReceived(count('bytes of IP packets')),
  wireBytes: sentAndReceived(count('bytes of whole frames')),
  bytesPerSecond: averages('IP bytes'),
  wireBytesPerSecond: averages('frame bytes'),
  packetsPerSecond: averages('packets'),
  windowIpBytes: windowCounts('IP bytes'),
  windowWireBytes: windowCounts('frame bytes'),
  windowPackets: windowCounts('packets'),
  peakBytesPerSecond: peaks('IP bytes'),
  peakWireBytesPerSecond: peaks('frame bytes'),
  peakPacketsPerSecond: peaks('packets'),
};

const endpoint = Type.Object(
  {
    address: orNull(Type.String({ description: 'null: hosts of this side are not told apart' })),
    prefix: orNull(Type.Integer({ minimum: 0, maximum: 128, description: 'bits of a network; null: a host' })),
    port: orNull(Type.Integer({ minimum: 0, maximum: 65535, description: 'null: not told apart, or there is none' })),
    name: orNull(Type.String({ description: 'where asked for and known' })),
    nameSource: orNull(
      Type.Union(
        NAME_ORIGINS.map((origin) => Type.Literal(origin)),
        { description: 'how the name is known: seen on the wire, or looked up by us' },
      ),
    ),
  },
  exact,
);

export const hostPairsRow = Type.Object(
  {
    id: Type.Integer({ description: 'stays with the pair while it lives' }),
    interface: Type.String(),
    endpoints: Type.Tuple([endpoint, endpoint], { description: 'endpoint 0 is ours' }),
    protocol: orNull(Type.String({ description: 'where ports are told apart' })),
    ipProtocol: orNull(Type.Integer({ minimum: 0, maximum: 255 })),
    side: Type.Union(
      SIDE_REASONS.map((reason) => Type.Literal(reason)),
      { description: 'why endpoint 0 is ours; "order": nothing tells, it has the lower address' },
    ),
    ...figures,
    conversations: count('that carried something within the last 40 s'),
    firstSeen: time,
    lastSeen: time,
  },
  exact,
);

const rest = {
  packets: count('packets'),
  ipBytes: count('bytes of IP packets'),
  wireBytes: count('bytes of whole frames'),
};

/** Fields of `totals` that only this monitor has: rows + gone + more = pairs. */
export const hostPairsTotals = {
  pairs: Type.Object(figures, { ...exact, description: 'what all rows, gone and more add up to' }),
  gone: Type.Object(
    { pairs: count('pairs'), ...rest },
    { ...exact, description: 'pairs that left after 40 s of silence' },
  ),
  more: Type.Object(rest, { ...exact, description: 'what found no room in the table' }),
  nonIp: Type.Object(rest, { ...exact, description: 'neither IPv4 nor IPv6: in no row' }),
  leftOut: Type.Object(rest, { ...exact, description: 'IP that is not counted: link-local, or within the networks' }),
};
