/**
 * Which packets are kept longer so that names can be read from them (src/engine/name-observer.ts), as classic BPF that
 * ends with the bytes to keep. It judges each packet by itself:
 *
 *   not longer than what is kept anyway ─► short      most packets end here
 *   UDP or TCP from port 53, UDP from 5353 ─► long    DNS answers, multicast DNS
 *   UDP, a client's QUIC Initial ─► long              on every port
 *   TCP, begins with a ClientHello ─► long            on every port
 *   TCP to a port of TLS, may end a ClientHello ─► long
 *   else ─► short
 *
 * A ClientHello with post-quantum keys is longer than a segment, and its second one has no mark of its own. What can be
 * asked of it: PSH (it ends what the client had to say), no TLS record begins with it, and it is no large offloaded buffer.
 * Of a client's later traffic that leaves the last segments of uploads; requests begin with a record. A segment between
 * the first and the last (a hello of three) stays short.
 *
 * Judged are Ethernet frames, also those whose VLAN tag the kernel stripped, and, on links without a header, packets that
 * begin with IP. What is odd stays short: tags in the bytes, tunnels, extension headers, later fragments.
 */
import type { BpfAssembler, BpfLabel } from '../../../filters/bpf-assembler.ts';
import { ANCILLARY } from '../../../filters/bpf-program.ts';
import { DNS_PORT, MDNS_PORT } from '../../wire/dns-answers.ts';
import { ETHERTYPE, IP_PROTOCOL } from '../../wire/numbers.ts';
import { QUIC_VERSION } from '../../wire/quic-initial.ts';
import { TLS_CLIENT_HELLO, TLS_HANDSHAKE_RECORD } from '../../wire/tls-hello.ts';
import { ARPHRD_ETHERNET, ARPHRD_LOOPBACK } from '../link-types.ts';

/**
 * Bytes that are kept of a packet with names. DNS answers over UDP have up to 4096 bytes (RFC 6891 section 6.2.5), and a
 * sender's offloaded buffer holds a whole ClientHello (about 1,800 with post-quantum keys) or several QUIC Initials of 1,200
 * bytes each. Beside them there is room for Ethernet, IP and TCP headers with all their options.
 */
export const NAME_SNAPLEN = 4096 + 134;

/**
 * Loads beyond a packet would reject it. The furthest one, into TCP's payload, ends before this, so that packets up to this
 * length are kept whole and looked at no further.
 */
const LEAST_SNAPLEN = 160;

const ETHERNET_HEADER = 14;
const IPV6_HEADER = 40;
const UDP_HEADER = 8;

/** What comes from here is a server's: no ClientHello. */
const HTTPS_PORT = 443;
/** HTTPS and its usual second port, DNS over TLS, mail. */
const TLS_PORTS = [HTTPS_PORT, 8443, 853, 993, 465, 995] as const;

const TCP_PUSH = 0x08;
/** A TLS record of the handshake (RFC 8446 section 5.1): type, then version 3.x. */
const HANDSHAKE_RECORD = (TLS_HANDSHAKE_RECORD << 8) | 3;
/** What the first two bytes of every record have in common: types 0x14 to 0x17, version 3.x. */
const RECORD_MASK = 0xfcff;
const ANY_RECORD = 0x1403;
/** Long headers of QUIC: Initial in version 1 (RFC 9000 section 17.2.2) and in version 2 (RFC 9369 section 3.2). */
const QUIC_TYPE_MASK = 0xf0;
const QUIC_INITIAL = 0xc0;
const QUIC_2_INITIAL = 0xd0;

/** Ends the program: NAME_SNAPLEN for packets that may tell names, `snaplen` (at least 160) for all others. */
export function addNameSnapshots(bpf: BpfAssembler, snaplen: number): void {
  new NameSnapshots(bpf, snaplen).add();
}

class NameSnapshots {
  readonly #bpf: BpfAssembler;
  readonly #snaplen: number;
  readonly #long: BpfLabel;
  readonly #short: BpfLabel;

  constructor(bpf: BpfAssembler, snaplen: number) {
    this.#bpf = bpf;
    this.#snaplen = Math.max(snaplen, LEAST_SNAPLEN);
    this.#long = bpf.label();
    this.#short = bpf.label();
  }

  add(): void {
    const bpf = this.#bpf;
    const [ethernet, noHeader, tcp, udp] = [bpf.label(), bpf.label(), bpf.label(), bpf.label()];
    bpf.loadLength();
    bpf.jumpIf('greater', this.#snaplen, null, this.#short);
    bpf.loadAncillary(ANCILLARY.hardwareType);
    bpf.jumpIf('equal', ARPHRD_ETHERNET, ethernet, null);
    bpf.jumpIf('equal', ARPHRD_LOOPBACK, ethernet, noHeader);
    bpf.place(ethernet);
    bpf.loadHalf(12);
    this.#addNetwork(ETHERNET_HEADER, [ETHERTYPE.ipv4, ETHERTYPE.ipv6], tcp, udp);
    bpf.place(noHeader);
    bpf.loadByte(0);
    bpf.and(0xf0);
    this.#addNetwork(0, [0x40, 0x60], tcp, udp);
    bpf.place(udp);
    this.#addUdp();
    bpf.place(tcp);
    this.#addTcp();
    bpf.place(this.#short);
    bpf.returnConstant(this.#snaplen);
    bpf.place(this.#long);
    bpf.returnConstant(NAME_SNAPLEN);
  }

  /** A says which IP begins at `at`, or none; goes on at the transport header, which begins at X. */
  #addNetwork(at: number, [isIpv4, isIpv6]: readonly [number, number], tcp: BpfLabel, udp: BpfLabel): void {
    const bpf = this.#bpf;
    const [ipv4, ipv6] = [bpf.label(), bpf.label()];
    bpf.jumpIf('equal', isIpv4, ipv4, null);
    bpf.jumpIf('equal', isIpv6, ipv6, this.#short);
    bpf.place(ipv4);
    bpf.loadHalf(at + 6);
    bpf.jumpIf('anyBit', 0x1fff, this.#short, null);
    bpf.loadHeaderLengthIntoX(at);
    bpf.copyFromX();
    bpf.add(at);
    bpf.copyToX();
    bpf.loadByte(at + 9);
    this.#addProtocol(tcp, udp);
    bpf.place(ipv6);
    bpf.setX(at + IPV6_HEADER);
    bpf.loadByte(at + 6);
    this.#addProtocol(tcp, udp);
  }

  #addProtocol(tcp: BpfLabel, udp: BpfLabel): void {
    this.#bpf.jumpIf('equal', IP_PROTOCOL.tcp, tcp, null);
    this.#bpf.jumpIf('equal', IP_PROTOCOL.udp, udp, this.#short);
  }

  #addUdp(): void {
    const bpf = this.#bpf;
    const [version1, version2] = [bpf.label(), bpf.label()];
    bpf.loadHalfAtX(0);
    bpf.jumpIf('equal', DNS_PORT, this.#long, null);
    bpf.jumpIf('equal', MDNS_PORT, this.#long, null);
    bpf.jumpIf('equal', HTTPS_PORT, this.#short, null);
    bpf.loadByteAtX(UDP_HEADER);
    bpf.and(QUIC_TYPE_MASK);
    bpf.jumpIf('equal', QUIC_INITIAL, version1, null);
    bpf.jumpIf('equal', QUIC_2_INITIAL, version2, this.#short);
    bpf.place(version1);
    bpf.loadWordAtX(UDP_HEADER + 1);
    bpf.jumpIf('equal', QUIC_VERSION.one, this.#long, this.#short);
    bpf.place(version2);
    bpf.loadWordAtX(UDP_HEADER + 1);
    bpf.jumpIf('equal', QUIC_VERSION.two, this.#long, this.#short);
  }

  #addTcp(): void {
    const bpf = this.#bpf;
    const [begins, mayEnd, handshake, other, rest] = Array.from({ length: 5 }, () => bpf.label());
    bpf.loadHalfAtX(0);
    bpf.jumpIf('equal', DNS_PORT, this.#long, null);
    bpf.loadByteAtX(13);
    bpf.jumpIf('anyBit', TCP_PUSH, null, begins);
    bpf.loadHalfAtX(2);
    for (const port of TLS_PORTS) bpf.jumpIf('equal', port, mayEnd, null);
    bpf.place(begins);
    this.#goToPayload();
    bpf.jumpIf('equal', HANDSHAKE_RECORD, handshake, this.#short);
    bpf.place(mayEnd);
    this.#goToPayload();
    bpf.jumpIf('equal', HANDSHAKE_RECORD, handshake, other);
    bpf.place(handshake);
    bpf.loadByteAtX(5);
    bpf.jumpIf('equal', TLS_CLIENT_HELLO, this.#long, this.#short);
    bpf.place(other);
    bpf.and(RECORD_MASK);
    bpf.jumpIf('equal', ANY_RECORD, this.#short, rest);
    bpf.place(rest);
    bpf.loadLength();
    bpf.jumpIf('greater', NAME_SNAPLEN, this.#short, this.#long);
  }

  /** X: from the TCP header to its payload; A: the payload's first 16 bits. */
  #goToPayload(): void {
    const bpf = this.#bpf;
    bpf.loadByteAtX(12);
    bpf.and(0xf0);
    bpf.shiftRight(2);
    bpf.addX();
    bpf.copyToX();
    bpf.loadHalfAtX(0);
  }
}
