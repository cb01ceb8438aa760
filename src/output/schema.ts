/**
 * JSON Schemas of the lines that --json writes, of those of a JSON log, and of filters.json, from one source: the test
 * suite writes them to schemas/ and validates real output against them. Not part of the running program: typebox is a development dependency.
 */
import Type, { type TSchema } from 'typebox';
import { FILTERS_SCHEMA } from '../../filters/schema.ts';
import { LOG_SCHEMA } from '../logs/schema.ts';
import { REPORT_SCHEMA } from '../reports/schema.ts';
import { hostPairsRow, hostPairsTotals } from './pair-schemas.ts';
import {
  capture,
  count,
  DIALECT,
  detailedRow,
  detailedTotals,
  evicted,
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
  time,
  totals,
} from './row-schemas.ts';

/** A snapshot line of a monitor with these rows, and fields of its own in `totals`. */
function snapshotSchema(monitor: string, row: TSchema, moreTotals: Record<string, TSchema> = {}): TSchema {
  return Type.Object(
    {
      type: Type.Literal('snapshot'),
      schema: Type.Literal(1),
      monitor: Type.Literal(monitor),
      time,
      elapsedSeconds: count('since the capture began'),
      interface: Type.String({ description: 'interface name or "all"' }),
      capture,
      totals: Type.Object({ ...totals, ...moreTotals }, exact),
      evicted,
      rows: Type.Array(row),
      rowsTotal: count('rows there are; `rows` holds at most --limit of them'),
    },
    { $schema: DIALECT, ...exact, title: `iptraf-ts --json: snapshot of ${monitor}` },
  );
}

/** Of `alert`: a threshold was passed (started), is no longer (ended), or cannot be judged as it stands (notice). */
const alertFields = {
  state: Type.Optional(Type.Union(['started', 'ended', 'notice'].map((state) => Type.Literal(state)))),
  alert: Type.Optional(Type.String({ description: 'the rule, as --alert has it' })),
  measure: Type.Optional(
    Type.Union(
      ['host', 'interface', 'packets', 'bytes', 'drops', 'malformed', 'new-connections'].map((each) =>
        Type.Literal(each),
      ),
    ),
  ),
  subject: Type.Optional(Type.String({ description: 'address, interface, or "all"' })),
  value: Type.Optional(Type.Number({ description: 'measured now; ended: the highest; in `unit`' })),
  limit: Type.Optional(Type.Number({ description: 'in `unit`' })),
  unit: Type.Optional(
    Type.Union(
      ['bytesPerSecond', 'share', 'packets', 'packetsPerSecond', 'bytes', 'connections', 'connectionsPerSecond'].map(
        (unit) => Type.Literal(unit),
      ),
    ),
  ),
  since: Type.Optional(Type.Union([time, Type.Null()], { description: 'when it began' })),
  cut: Type.Optional(
    orNull(
      Type.Union([Type.Literal('capture-ended'), Type.Literal('engine-lost')], {
        description: 'ended although nobody saw the value go down',
      }),
    ),
  ),
  text: Type.Optional(Type.String({ description: 'what a notice says' })),
};

const eventSchema = Type.Object(
  {
    type: Type.Union(
      [
        'interface-down',
        'interface-up',
        'capture-fallback',
        'capture-damaged',
        'capture-failed',
        'write-failed',
        'engine-lost',
        'alert',
      ].map((type) => Type.Literal(type)),
    ),
    schema: Type.Literal(1),
    time,
    interface: Type.Optional(Type.String()),
    source: Type.Optional(Type.Literal('pcap')),
    reason: Type.Optional(Type.String()),
    ...alertFields,
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
export const SCHEMAS: Readonly<Record<string, object>> = {
  'snapshot-ip-traffic.json': snapshotSchema('ip-traffic', ipTrafficRow),
  'snapshot-general.json': snapshotSchema('general', generalRow),
  'snapshot-detailed.json': snapshotSchema('detailed', detailedRow, detailedTotals),
  'snapshot-packet-sizes.json': snapshotSchema('packet-sizes', packetSizesRow, packetSizesTotals),
  'snapshot-host-pairs.json': snapshotSchema('host-pairs', hostPairsRow, hostPairsTotals),
  'snapshot-ports.json': snapshotSchema('ports', portsRow, portsTotals),
  'snapshot-lan-stations.json': snapshotSchema('lan-stations', lanStationsRow, lanStationsTotals),
  'event.json': eventSchema,
  'log.json': LOG_SCHEMA,
  'report.json': { $schema: DIALECT, title: 'iptraf-ts report --json', ...REPORT_SCHEMA },
  'filters.json': { $schema: DIALECT, ...FILTERS_SCHEMA },
};
