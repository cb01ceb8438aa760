/**
 * What the kernel runs in front of a filter: classic BPF that accepts every packet that passes the filter in user space
 * (evaluate.ts), and drops of the others what it can judge cheaply and for certain.
 *
 *   not Ethernet ─► accept        loopback's frames look like Ethernet
 *   IPv4 ─► plain? ─► its rules   no options, no fragment, lengths that fit, no tunnel where tunnels are opened
 *   IPv6 ─► plain? ─► its rules   no extension headers, lengths that fit, no tunnel
 *   else ─► plain? ─► its rules   an EtherType that holds nothing else: no tag, MPLS, PPPoE session or 802.2 header
 *                └─ no ─► accept  what is odd is decided in user space
 *
 * A packet whose tag the kernel stripped is as plain as one without: its VLAN comes beside it. A load beyond the packet
 * would reject it, so that lengths are asked first. The kernel sees whole packets, however few bytes of them are kept.
 * One as a listing: test/golden/prefilter-tcp-port-80.txt.
 */
import type { BpfProgram } from '../src/base/bpf-program.ts';
import { isExtensionHeader } from '../src/wire/ipv6.ts';
import { ETHERTYPE, IP_PROTOCOL, LINKTYPE } from '../src/wire/numbers.ts';
import { PACKET_TYPE } from '../src/wire/packet-batch.ts';
import { isVxlanPort } from '../src/wire/tunnel.ts';
import { BpfAssembler, type BpfLabel } from './bpf-assembler.ts';
import { ANCILLARY, BPF_A, BPF_CLASS, type DecodedBpf, decodeBpf } from './bpf-program.ts';
import { testAll } from './bpf-search.ts';
import { KINDS, type PacketKind, PORT_PROTOCOLS, ruleTests } from './prefilter-rule.ts';
import type { PreparedFilter, PreparedRule } from './prepared.ts';

export interface KernelProgram {
  /** May be longer than the kernel takes: whoever attaches it says so. */
  program: BpfProgram;
  /** True where every plain packet gets the filter's own verdict: no rule asks for what the kernel does not know. */
  exact: boolean;
}

/** Hardware types whose frames are Ethernet's (linux/if_arp.h): ARPHRD_ETHER and ARPHRD_LOOPBACK. */
const ETHERNET_HARDWARE = [1, 772] as const;

/** What an accepting program returns where nothing else is asked for: libpcap's largest snapshot length. */
const WHOLE_PACKET = 262_144;
const DROP = 0;

const ETHERNET_HEADER = 14;
const IPV4_HEADER = 20;
const IPV6_HEADER = 40;
const PORT_BYTES = 4;
/** Smaller numbers in the type field are lengths of 802.3 frames (IEEE 802.3 section 3.2.6). */
const LEAST_ETHERTYPE = 0x600;

/** EtherTypes behind which the packet goes on. */
const CONTAINERS = [
  ETHERTYPE.vlan,
  ETHERTYPE.serviceVlan,
  ETHERTYPE.vlan9100,
  ETHERTYPE.vlan9200,
  ETHERTYPE.mpls,
  ETHERTYPE.mplsMulticast,
  ETHERTYPE.pppoeSession,
] as const;

/** Next headers of IPv6 that are no upper layer. */
const EXTENSION_HEADERS = numbersBelow(0x100, isExtensionHeader);

/** Protocols that are opened where tunnels are (src/wire/layers.ts), and UDP ports of VXLAN. */
const TUNNELS = [IP_PROTOCOL.ipip, IP_PROTOCOL.ipv6, IP_PROTOCOL.gre, IP_PROTOCOL.ah] as const;
const VXLAN_PORTS = numbersBelow(0x10000, isVxlanPort);

function numbersBelow(end: number, isOne: (number: number) => boolean): number[] {
  return Array.from({ length: end }, (_, number) => number).filter(isOne);
}

export interface KernelProgramOptions {
  /** Packets in tunnels are judged by what they carry, so that tunnels pass. */
  decapsulate: boolean;
  /**
   * A program that plain packets must pass, too. Odd ones it does not see: the first fragment of a datagram may fail it,
   * but has the ports by which the filter decides the later ones.
   */
  behind?: BpfProgram | null;
}

/** The kernel's superset of a filter; null: the kernel can drop nothing of what the filter drops. */
export function kernelProgram(filter: PreparedFilter, options: KernelProgramOptions): KernelProgram | null {
  const { rules, unmatched } = filter;
  if (rules.length === 1 && rules[0].include && rules[0].expression !== null && unmatched === 'drop') {
    return expressionProgram(rules[0].expression.programs);
  }
  return new Prefilter(filter, options).make();
}

function expressionProgram(
  programs: readonly { linkType: number; instructions: Uint8Array | null }[],
): KernelProgram | null {
  const instructions = programs.find(({ linkType }) => linkType === LINKTYPE.ethernet)?.instructions;
  const program = instructions ? prefilterProgram({ instructions }) : null;
  // Packets with a stripped tag are not plain here.
  return program === null ? null : { program, exact: true };
}

/**
 * What the kernel may run in front of an expression: accepts every packet that its program for Ethernet accepts in user
 * space, and more. null: an instruction jumps back, which the kernel refuses. The program sees frames with their VLAN
 * tag in place; the kernel stripped it, so packets with a tag beside them pass, and so do packets of other links.
 */
export function prefilterProgram(program: BpfProgram): BpfProgram | null {
  const decoded = decodeBpf(program);
  if (decoded.loops) return null;
  const bpf = new BpfAssembler();
  const accept = bpf.label();
  const judge = bpf.label();
  passOtherHardware(bpf, accept);
  bpf.loadAncillary(ANCILLARY.vlanTagPresent);
  bpf.jumpIf('equal', 0, judge, accept);
  bpf.place(accept);
  bpf.returnConstant(acceptValue(decoded));
  bpf.place(judge);
  return withBehind(bpf.assemble(), program);
}

/** One program; the first goes on at its end where the other is to decide. */
function withBehind(first: BpfProgram, behind: BpfProgram): BpfProgram {
  const instructions = new Uint8Array(first.instructions.length + behind.instructions.length);
  instructions.set(first.instructions);
  instructions.set(behind.instructions, first.instructions.length);
  return { instructions };
}

/** The largest number that the program returns: its snapshot length. */
function acceptValue({ words, length }: DecodedBpf): number {
  let largest = 0;
  for (let n = 0; n < length; n++) {
    const code = words[n * 4];
    if ((code & 7) === BPF_CLASS.ret && (code & BPF_A) === 0) largest = Math.max(largest, words[n * 4 + 3]);
  }
  return largest === 0 ? WHOLE_PACKET : largest;
}

/** Goes on behind it with Ethernet frames. */
function passOtherHardware(bpf: BpfAssembler, accept: BpfLabel): void {
  const ethernet = bpf.label();
  bpf.loadAncillary(ANCILLARY.hardwareType);
  for (const type of ETHERNET_HARDWARE) {
    bpf.jumpIf('equal', type, ethernet, type === ETHERNET_HARDWARE[1] ? accept : null);
  }
  bpf.place(ethernet);
}

/** The program for one filter while it is made. */
class Prefilter {
  readonly #bpf = new BpfAssembler();
  readonly #filter: PreparedFilter;
  readonly #decapsulate: boolean;
  readonly #behind: BpfProgram | null;
  /** Where everything goes that is decided in user space. */
  readonly #accept = this.#bpf.label();
  /** Where plain packets go that pass. */
  readonly #pass = this.#bpf.label();
  #exact = true;
  #drops = false;

  constructor(filter: PreparedFilter, { decapsulate, behind = null }: KernelProgramOptions) {
    this.#filter = filter;
    this.#decapsulate = decapsulate;
    this.#behind = behind;
  }

  make(): KernelProgram | null {
    const bpf = this.#bpf;
    const [ipv4, ipv6, other] = [bpf.label(), bpf.label(), bpf.label()];
    passOtherHardware(bpf, this.#accept);
    bpf.loadLength();
    bpf.jumpIf('atLeast', ETHERNET_HEADER, null, this.#accept);
    if (this.#filter.rules.some(({ direction }) => direction !== null)) this.#passUnknownDirection();
    bpf.loadHalf(KINDS.other.protocolAt);
    bpf.jumpIf('equal', ETHERTYPE.ipv4, ipv4, null);
    bpf.jumpIf('equal', ETHERTYPE.ipv6, ipv6, other);
    bpf.place(other);
    this.#passOddOther();
    this.#addRules(KINDS.other);
    bpf.place(ipv4);
    this.#passOddIpv4();
    this.#addRules(KINDS.ipv4);
    bpf.place(ipv6);
    this.#passOddIpv6();
    this.#addRules(KINDS.ipv6);
    bpf.place(this.#accept);
    bpf.returnConstant(WHOLE_PACKET);
    bpf.place(this.#pass);
    if (!this.#drops && this.#behind === null) return null;
    const program = bpf.assemble();
    return { program: this.#behind === null ? program : withBehind(program, this.#behind), exact: this.#exact };
  }

  /** Packet types beyond "outgoing" say nothing of the direction: local networks may decide. */
  #passUnknownDirection(): void {
    this.#bpf.loadAncillary(ANCILLARY.packetType);
    this.#bpf.jumpIf('greater', PACKET_TYPE.outgoing, this.#accept, null);
  }

  /** A holds the type field. */
  #passOddOther(): void {
    this.#bpf.jumpIf('atLeast', LEAST_ETHERTYPE, null, this.#accept);
    this.#passThese(CONTAINERS);
  }

  #passOddIpv4(): void {
    const bpf = this.#bpf;
    this.#passShorterThan(ETHERNET_HEADER + IPV4_HEADER);
    bpf.loadByte(ETHERNET_HEADER);
    bpf.jumpIf('equal', 0x45, null, this.#accept);
    bpf.loadHalf(ETHERNET_HEADER + 6);
    bpf.jumpIf('anyBit', 0x3fff, this.#accept, null);
    bpf.loadHalf(ETHERNET_HEADER + 2);
    bpf.jumpIf('atLeast', IPV4_HEADER, null, this.#accept);
    bpf.add(ETHERNET_HEADER);
    this.#passBeyondPacket();
    this.#passOddTransport(KINDS.ipv4, ETHERNET_HEADER + 2, IPV4_HEADER + PORT_BYTES);
  }

  #passOddIpv6(): void {
    const bpf = this.#bpf;
    this.#passShorterThan(ETHERNET_HEADER + IPV6_HEADER);
    bpf.loadByte(ETHERNET_HEADER);
    bpf.and(0xf0);
    bpf.jumpIf('equal', 0x60, null, this.#accept);
    bpf.loadHalf(ETHERNET_HEADER + 4);
    bpf.jumpIf('equal', 0, this.#accept, null);
    bpf.add(ETHERNET_HEADER + IPV6_HEADER);
    this.#passBeyondPacket();
    bpf.loadByte(KINDS.ipv6.protocolAt);
    this.#passThese(EXTENSION_HEADERS);
    this.#passOddTransport(KINDS.ipv6, ETHERNET_HEADER + 4, PORT_BYTES);
  }

  /** Without ports where there should be some, or a tunnel. `least`: what the length at `lengthAt` must be with ports. */
  #passOddTransport({ protocolAt, ip }: typeof KINDS.ipv4 | typeof KINDS.ipv6, lengthAt: number, least: number): void {
    const bpf = this.#bpf;
    const plain = bpf.label();
    const withPorts = bpf.label();
    bpf.loadByte(protocolAt);
    if (this.#decapsulate) this.#passThese(TUNNELS);
    for (const [protocol] of PORT_PROTOCOLS) bpf.jumpIf('equal', protocol, withPorts, null);
    bpf.jump(plain);
    bpf.place(withPorts);
    bpf.loadHalf(lengthAt);
    bpf.jumpIf('atLeast', least, null, this.#accept);
    if (this.#decapsulate) {
      bpf.loadByte(protocolAt);
      bpf.jumpIf('equal', IP_PROTOCOL.udp, null, plain);
      bpf.loadHalf(ip.portAt.destination);
      this.#passThese(VXLAN_PORTS);
    }
    bpf.place(plain);
  }

  #passShorterThan(bytes: number): void {
    this.#bpf.loadLength();
    this.#bpf.jumpIf('atLeast', bytes, null, this.#accept);
  }

  /** A: bytes that the packet should have. */
  #passBeyondPacket(): void {
    this.#bpf.copyToX();
    this.#bpf.loadLength();
    this.#bpf.jumpIfX('atLeast', null, this.#accept);
  }

  /** Accepts where A is one of the numbers. */
  #passThese(numbers: readonly number[]): void {
    for (const number of numbers) this.#bpf.jumpIf('equal', number, this.#accept, null);
  }

  /** The rules in order for plain packets of one kind; ends with a verdict for all of them. */
  #addRules(kind: PacketKind): void {
    const { rules, unmatched } = this.#filter;
    for (const rule of rules) {
      const tests = this.#decidable(rule) ? ruleTests(rule, kind) : null;
      if (tests === null) continue;
      const [hit, next] = [this.#bpf.label(), this.#bpf.label()];
      testAll(this.#bpf, tests, hit, next);
      this.#bpf.place(hit);
      this.#return(rule.include);
      this.#bpf.place(next);
      // It takes every packet: nothing comes to the rules behind it.
      if (tests.length === 0) return;
    }
    this.#return(unmatched === 'keep');
  }

  /**
   * Whether the rule goes into the program. What the kernel cannot judge is taken as true where that lets packets pass,
   * and as false where it would drop them.
   */
  #decidable({ include, interfaces, expression }: PreparedRule): boolean {
    if (interfaces?.length === 0) return false;
    if (interfaces === null && expression === null) return true;
    this.#exact = false;
    return include;
  }

  #return(accepts: boolean): void {
    if (accepts && this.#behind !== null) this.#bpf.jump(this.#pass);
    else this.#bpf.returnConstant(accepts ? WHOLE_PACKET : DROP);
    if (!accepts) this.#drops = true;
  }
}
