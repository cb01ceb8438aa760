/** Made-up pairs as iftop's text mode prints them, without an engine. */
import type { HostPairExtra, HostPairRow, PairCounts, PairFigures, PairRates } from '../../screens/host-pairs/types.ts';
import type { ReportStyle } from '../../src/cli/iftop/text-lines.ts';

const NONE: PairCounts = [0, 0];

/** Figures of a pair: rates in bytes a second over 2, 10 and 40 s, and bytes since it began, [sent, received] each. */
export interface Carried {
  rates?: [PairRates, PairRates, PairRates];
  ipBytes?: PairCounts;
  packets?: PairCounts;
  peak?: PairFigures['peak'];
}

export function pairFigures({ rates, ipBytes = NONE, packets = NONE, peak }: Carried = {}): PairFigures {
  return {
    rates: rates ?? [NONE, NONE, NONE],
    counts: [NONE, NONE, NONE],
    peak: peak ?? [0, 0, 0],
    packets,
    ipBytes,
    wireBytes: ipBytes,
  };
}

/** A host and its port: "10.0.0.1", "10.0.0.1 443", "10.0.0.0/8", "*" (all hosts), "* 443". */
export function pairRow(ours: string, theirs: string, carried: Carried = {}, protocol = 'udp'): HostPairRow {
  return {
    ...pairFigures(carried),
    id: 1,
    interface: 'eth0',
    quantity: 'ipBytes',
    endpoints: [endpoint(ours), endpoint(theirs)],
    protocol,
    ipProtocol: 17,
    side: 'address',
    conversations: 1,
    firstSeen: 1_700_000_000,
    lastSeen: 1_700_000_040,
  };
}

function endpoint(text: string): HostPairRow['endpoints'][0] {
  const [host, port] = text.split(' ');
  const [address, prefix] = host.split('/');
  return {
    address: host === '*' ? null : address,
    prefix: prefix === undefined ? null : Number(prefix),
    port: port === undefined ? null : Number(port),
    name: null,
  };
}

export function pairExtra(totals: PairFigures, quantity: HostPairExtra['quantity'] = 'ipBytes'): HostPairExtra {
  const rest = { packets: 0, ipBytes: 0, wireBytes: 0 };
  return { quantity, secondsAgo: 0, totals, gone: { ...rest, pairs: 0 }, more: rest, nonIp: rest, leftOut: rest };
}

/** Addresses and ports as numbers. */
export const PLAIN: ReportStyle = { unit: 'bits', nameOf: () => null, serviceOf: () => null };
