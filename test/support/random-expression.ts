/** Random capture expressions (pcap-filter(7)) about the packets that random-frames.ts makes. Tags are left out. */
import type { Random } from '../fuzz/random.ts';
import { POOL } from './random-frames.ts';

const DIRECTIONS = ['', '', 'src ', 'dst ', 'src or dst ', 'src and dst '] as const;
const PROTOCOLS = [
  'ip',
  'ip6',
  'arp',
  'rarp',
  'tcp',
  'udp',
  'icmp',
  'icmp6',
  'sctp',
  'igmp',
  'ah',
  'esp',
  'pim',
] as const;
const NETWORKS = ['10.0.0.0/24', '10.0.0.0/9', '192.0.2', '0.0.0.0/0', 'fd00::/64', '2001:db8::/32'] as const;
const WORDS = [
  'ether broadcast',
  'ether multicast',
  'ip multicast',
  'ip6 multicast',
  'broadcast',
  'multicast',
  'tcp[tcpflags] & (tcp-syn|tcp-ack) != 0',
  'icmp[icmptype] = icmp-echo',
  'icmp6[icmp6type] = 128',
  'ip proto 47',
  'ip6 proto 17',
  'ether proto 0x88cc',
  'proto 6',
] as const;
const LAYERS = ['ether', 'ip', 'ip6', 'tcp', 'udp', 'icmp', 'arp'] as const;
const OPERATORS = ['+', '-', '*', '/', '%', '&', '|', '^', '<<', '>>'] as const;
const RELATIONS = ['=', '!=', '>', '<', '>=', '<='] as const;

export function randomExpression(random: Random, depth = 3): string {
  if (depth > 0 && !random.oneIn(3)) {
    const left = randomExpression(random, depth - 1);
    if (random.oneIn(4)) return `not (${left})`;
    return `(${left}) ${random.pick(['and', 'or', 'and not', 'or not'])} (${randomExpression(random, depth - 1)})`;
  }
  return primitive(random);
}

function primitive(random: Random): string {
  const direction = random.pick(DIRECTIONS);
  switch (random.below(9)) {
    case 0:
      return `${direction}host ${random.pick([...POOL.ipv4, ...POOL.ipv6])}`;
    case 1:
      return `${direction}net ${random.pick(NETWORKS)}`;
    case 2:
      return `${random.pick(['', 'tcp ', 'udp ', 'sctp '])}${direction}port ${random.pick(POOL.port)}`;
    case 3: {
      const [from, to] = [random.pick(POOL.port), random.pick(POOL.port)];
      return `${direction}portrange ${Math.min(from, to)}-${Math.max(from, to)}`;
    }
    case 4:
      return random.pick(PROTOCOLS);
    case 5:
      return `ether ${random.pick(['host', 'src', 'dst'])} ${random.pick(POOL.mac)}`;
    case 6:
      return `${random.pick(['less', 'greater'])} ${random.below(200)}`;
    case 7:
      return random.pick(WORDS);
    default:
      return `${arithmetic(random, 2)} ${random.pick(RELATIONS)} ${number(random)}`;
  }
}

function arithmetic(random: Random, depth: number): string {
  if (depth === 0 || random.oneIn(4)) {
    if (random.oneIn(6)) return 'len';
    const at = random.oneIn(5) ? `${random.pick(LAYERS)}[${random.below(20)}] & 0x1f` : `${random.below(50)}`;
    return `${random.pick(LAYERS)}[${at}:${random.pick([1, 2, 4])}]`;
  }
  const operator = random.pick(OPERATORS);
  const shifts = operator === '<<' || operator === '>>';
  const right = shifts ? `${random.below(32)}` : random.oneIn(3) ? arithmetic(random, depth - 1) : number(random);
  return `(${arithmetic(random, depth - 1)} ${operator} ${right})`;
}

/** Not 0: libpcap refuses to divide by it. */
function number(random: Random): string {
  return `${random.oneIn(3) ? random.word() || 1 : 1 + random.below(255)}`;
}
