/** JSON Schema of `report --json`; src/output/schema.ts publishes it. Not part of the running program. */
import Type, { type TSchema } from 'typebox';

const exact = { additionalProperties: false } as const;

const orNull = <T extends TSchema>(schema: T) => Type.Union([schema, Type.Null()]);
const count = (description: string) => Type.Number({ minimum: 0, description });
const text = (description: string) => Type.String({ description });
/** ISO 8601, UTC. */
const time = (description: string) =>
  Type.String({ pattern: '^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}\\.\\d{3}Z$', description });

const sums = {
  conversations: count('conversations that ended, each counted once'),
  packets: count('packets on the wire, both directions'),
  bytes: count('IP bytes, both directions; frame bytes of what is no IP'),
};
const losses = {
  droppedByKernel: orNull(count('lost because we were too slow')),
  droppedByInterface: orNull(count('lost before the kernel saw them')),
  malformed: orNull(count('packets that could not be decoded to their end')),
};
const directions = {
  sentBytes: count('bytes that it sent'),
  receivedBytes: count('bytes that it received'),
  sentPackets: count('packets that it sent'),
  receivedPackets: count('packets that it received'),
};
const mayLack = count('bytes that the figures of this row may be short by; 0: exact');

function ranking(description: string, row: Record<string, TSchema>): TSchema {
  return Type.Object(
    {
      total: orNull(count('different ones there are, of which `rows` has at most --limit; null: very many')),
      mayLack: count('bytes that one which is missing may have had although it was forgotten; 0: all is exact'),
      rows: Type.Array(Type.Object(row, exact)),
    },
    { ...exact, description },
  );
}

const host = {
  address: text('IPv4, IPv6 or (non-IP) MAC address'),
  ...directions,
  conversationsFrom: count('conversations that it began: it sent the first packet'),
  conversationsTo: count('conversations that others began with it'),
  mayLack,
};
const named = { name: text('as in the log'), ...sums, mayLack };
const endpoint = Type.Object(
  { address: text('as in the log'), port: orNull(Type.Integer({ minimum: 0, maximum: 65535 })) },
  exact,
);
const hour = {
  start: time('when the hour began, in `zone`'),
  measured: Type.Boolean({
    description:
      'true: packets and bytes passed in this hour, as hourly records say; false: of conversations that ended',
  }),
  packets: count('packets on the wire'),
  bytes: count('IP bytes'),
  ended: Type.Object(sums, { ...exact, description: 'conversations whose record is of this hour' }),
  losses: orNull(Type.Object(losses, { ...exact, description: 'of hourly records; null: there are none' })),
};

export const REPORT_SCHEMA = Type.Object(
  {
    type: Type.Literal('report'),
    schema: Type.Literal(1),
    zone: text('IANA name of the zone that hours and days are of'),
    from: orNull(time('records from this time on were asked for (--from); conversations by their end')),
    to: orNull(time('records before this time were asked for (--to)')),
    firstRecord: orNull(time('the earliest record that counts')),
    lastRecord: orNull(time('the latest one')),
    input: Type.Object(
      {
        files: count('files that were read'),
        lines: count('lines of them'),
        bytes: count('their bytes on the disk'),
        damagedLines: count('lines that are no record; they are left out'),
        firstDamaged: orNull(text('FILE:LINE')),
        unfinishedLines: count('last lines without an end, of files that are being written'),
        repeatedRecords: count(
          'records of conversations that are there twice and count twice; an estimate if there are many',
        ),
        firstRepeated: orNull(text('FILE:LINE')),
        skipped: Type.Array(Type.Object({ path: text('as given'), reason: text('why it was not read') }, exact)),
        lostLines: count('lines that the program says it could not write'),
        starts: count('times that the program was started'),
      },
      exact,
    ),
    totals: Type.Object(
      {
        ...sums,
        endings: Type.Object(
          {
            closed: count('both sides sent FIN'),
            reset: count('by RST, or unreachable'),
            timedOut: count('idle, or folded away at the cap of the table'),
            open: count('still open when the log stopped'),
          },
          exact,
        ),
        ...losses,
      },
      exact,
    ),
    sources: ranking('addresses by the bytes they sent', host),
    destinations: ranking('addresses by the bytes they received', host),
    ports: ranking('by bytes; the port that the first packet went to, the other one where only that is below 1024', {
      protocol: text('lower case'),
      port: Type.Integer({ minimum: 0, maximum: 65535 }),
      service: orNull(text('name in /etc/services')),
      ...sums,
      mayLack,
    }),
    protocols: ranking('by bytes; a number where there is no name', named),
    conversations: ranking('by bytes; both directions, all records of the same endpoints together', {
      protocol: text('lower case'),
      interface: text('with its VLAN: eth0.5'),
      from: endpoint,
      to: endpoint,
      ...sums,
      ...directions,
      mayLack,
    }),
    interfaces: ranking('by bytes of conversations', named),
    busiestHours: ranking('by bytes', hour),
    hours: Type.Array(Type.Object(hour, exact), { description: 'all hours that records are of, in order' }),
    days: Type.Array(
      Type.Object(
        {
          date: Type.String({ pattern: '^\\d{4,}-\\d{2}-\\d{2}$', description: 'in `zone`' }),
          start: time('when the day began'),
          ...sums,
          ...losses,
          alerts: count('alerts that began'),
          interfaces: Type.Array(Type.Object({ name: text('interface'), ...sums }, exact)),
        },
        exact,
      ),
      { description: 'conversations by the day they ended on' },
    ),
    losses: Type.Array(Type.Object({ interface: text('"all" has the others within it'), ...losses }, exact)),
    alerts: ranking('by how often they began', {
      alert: text('the rule, as --alert has it'),
      subject: text('address or interface, or "all"'),
      times: count('beginnings'),
      seconds: count('that they lasted, as far as their ends are in the log'),
      first: time('first beginning'),
      last: time('last beginning'),
      isOn: Type.Boolean({ description: 'the last end is not in the log' }),
    }),
    errors: Type.Object(
      {
        count: count('error records'),
        last: Type.Array(Type.Object({ time: time('of the record'), text: text('its words') }, exact)),
      },
      exact,
    ),
  },
  exact,
);
