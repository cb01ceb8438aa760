/** Random filters, ready for packets, out of the pools that random-frames.ts makes its packets of. */
import type {
  NumberRange,
  PreparedEndpoint,
  PreparedFilter,
  PreparedNetwork,
  PreparedProtocols,
  PreparedRule,
} from '../../filters/prepared.ts';
import { parseMacs } from '../../filters/rule.ts';
import type { Random } from '../fuzz/random.ts';
import { compiledExpression, preparedNetworks } from './filters.ts';
import { POOL } from './random-frames.ts';

export const ANY: PreparedEndpoint = { networks: null, macs: null, ports: null };

/** A rule that matches everything, changed by `fields`. */
export function preparedRule(fields: Partial<PreparedRule> = {}): PreparedRule {
  return {
    include: true,
    source: ANY,
    destination: ANY,
    protocols: null,
    interfaces: null,
    direction: null,
    vlans: null,
    bothWays: true,
    expression: null,
    ...fields,
  };
}

/** A network of IPv4 ("10.0.0.0/8", or with a mask of any bits) or IPv6 ("fd00::/16"). */
export function preparedNetwork(text: string): PreparedNetwork {
  return preparedNetworks(text)[0];
}

const EXPRESSIONS = ['tcp port 80', 'vlan 10', 'ip6 protochain 6', 'host 10.0.0.1', 'not udp', 'greater 100', 'arp'];

export function randomFilter(random: Random): PreparedFilter {
  return {
    text: 'random',
    rules: Array.from({ length: random.below(5) + (random.oneIn(10) ? 0 : 1) }, () => randomRule(random)),
    unmatched: random.oneIn(3) ? 'keep' : 'drop',
    local: random.oneIn(2) ? [preparedNetwork('10.0.0.0/24'), preparedNetwork('fd00::/64')] : [],
  };
}

function randomRule(random: Random): PreparedRule {
  const include = !random.oneIn(3);
  if (random.oneIn(12)) return preparedRule({ include, expression: compiledExpression(random.pick(EXPRESSIONS)) });
  const one = random.below(3);
  return preparedRule({
    include,
    source: one === 0 ? ANY : endpoint(random),
    destination: one === 1 ? ANY : endpoint(random),
    protocols: random.oneIn(2) ? null : protocols(random),
    interfaces: random.oneIn(10) ? some(random, ['lo', 'eth*', 'veth1', '*', 'none']) : null,
    direction: random.oneIn(6) ? random.pick(['in', 'out'] as const) : null,
    vlans: random.oneIn(6) ? { ranges: ranges(random, POOL.vlan), untagged: random.oneIn(2) } : null,
    bothWays: random.oneIn(2),
  });
}

function endpoint(random: Random): PreparedEndpoint {
  const networks = [...POOL.ipv4, ...POOL.ipv6, '10.0.0.0/24', '10.0.0.0/9', '0.0.0.0/0', '10.0.0.1/255.0.255.255'];
  networks.push('fd00::/16', 'fd00::/64', 'fd00:0:0:1::/63', '::/0', '2001:db8::/32');
  return {
    networks: random.oneIn(3) ? some(random, networks).map(preparedNetwork) : null,
    macs: random.oneIn(6) ? some(random, POOL.mac).flatMap((mac) => parseMacs(mac)) : null,
    ports: random.oneIn(3) ? ranges(random, POOL.port) : null,
  };
}

function protocols(random: Random): PreparedProtocols {
  return {
    ip: random.oneIn(3) ? ranges(random, [0, 1, 6, 17, 41, 47, 58, 132, 255]) : random.pick([[], [[6, 6]], [[17, 17]]]),
    networks: random.oneIn(3) ? [random.pick(['ipv4', 'ipv6', 'other'] as const)] : [],
    etherTypes: random.oneIn(3) ? some(random, [0x0800, 0x86dd, 0x0806, 0x8035, 0x88cc, 0x4242, 0xffff]) : [],
  };
}

/** Up to four of them; sometimes none, which matches nothing, and sometimes a list that is too long to be searched in a row. */
function some<T>(random: Random, values: readonly T[]): T[] {
  const length = random.oneIn(20) ? 0 : random.oneIn(20) ? 30 : 1 + random.below(4);
  return Array.from({ length }, () => random.pick(values));
}

function ranges(random: Random, values: readonly number[]): NumberRange[] {
  return some(random, values).map((from) => {
    if (!random.oneIn(3)) return [from, from];
    const to = random.pick(values);
    return [Math.min(from, to), Math.max(from, to)];
  });
}
