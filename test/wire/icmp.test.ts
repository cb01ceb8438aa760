import { describe, expect, it } from 'vitest';
import { KEY_WORDS } from '../../src/wire/decoded-batch.ts';
import { describeIcmp, isUnreachable, quotedConversation } from '../../src/wire/icmp.ts';
import { hashKey } from '../../src/wire/key.ts';
import { IP_PROTOCOL } from '../../src/wire/numbers.ts';
import { decodeBatch } from '../support/decoding.ts';
import * as build from '../support/packets.ts';

const { ethernet, hex, icmp, icmpv6, ipv4, ipv6, packetBatch, tcp } = build;

const connection = tcp({ sourcePort: 50000, destinationPort: 80 });
const sent4 = ipv4({ source: '10.0.0.1', destination: '192.0.2.7', protocol: 6 }, connection);
const sent6 = ipv6({ source: 'fd00::1', destination: '2001:db8::7', nextHeader: 6 }, connection);
const over4 = (message: Uint8Array): Uint8Array =>
  ethernet(0x800, ipv4({ source: '192.0.2.254', destination: '10.0.0.1', protocol: 1 }, message));
const over6 = (message: Uint8Array): Uint8Array =>
  ethernet(0x86dd, ipv6({ source: '2001:db8::1', destination: 'fd00::1', nextHeader: 58 }, message));

/** Key that packet 1 of the batch quotes, beside the key of packet 0; null when nothing is quoted. */
function quoted(original: Uint8Array, error: build.PacketLike): { key: string; own: string; sameHash: boolean } | null {
  const out = decodeBatch(packetBatch([original, error]));
  const key = new Uint32Array(KEY_WORDS).fill(0xa5a5a5a5);
  if (!quotedConversation(out, 1, key)) return null;
  const own = out.key.subarray(0, KEY_WORDS).join(' ');
  return { key: key.join(' '), own, sameHash: hashKey(out.hashSecret, key, 0) === out.hash[0] };
}

describe('quotedConversation', () => {
  const frame4 = ethernet(0x800, sent4);
  const frame6 = ethernet(0x86dd, sent6);
  const optioned = ipv4(
    { source: '10.0.0.1', destination: '192.0.2.7', protocol: 6, options: hex('01010101') },
    connection,
  );
  const extended = ipv6(
    { source: 'fd00::1', destination: '2001:db8::7', nextHeader: 0 },
    build.ipv6Extension(6, connection),
  );

  it.each([
    ['ICMP unreachable with 8 bytes', frame4, over4(icmp(3, 3, 0, sent4.slice(0, 28)))],
    ['ICMP unreachable whose quote has options', frame4, over4(icmp(3, 1, 0, optioned))],
    ['ICMP time exceeded', frame4, over4(icmp(11, 0, 0, sent4))],
    ['ICMPv6 unreachable', frame6, over6(icmpv6(1, 4, 0, sent6))],
    ['ICMPv6 whose quote has an extension header', frame6, over6(icmpv6(1, 0, 0, extended))],
  ])('%s finds the key and hash of the connection', (_name, original, error) => {
    const found = quoted(original, error);
    expect(found?.key).toBe(found?.own);
    expect(found?.sameHash).toBe(true);
  });

  it('stays on the VLAN and interface of the message', () => {
    const packets = [frame4, over4(icmp(3, 3, 0, sent4))].map((bytes) => ({
      bytes,
      strippedTag: 0x8100_0005,
      interfaceSlot: 2,
    }));
    const out = decodeBatch(packetBatch(packets));
    const key = new Uint32Array(KEY_WORDS);
    expect(quotedConversation(out, 1, key)).toBe(true);
    expect(key).toEqual(out.key.slice(0, KEY_WORDS));
  });

  const fragment = ipv4({ protocol: 6, fragmentOffset: 8 }, connection);
  const fragment6 = ipv6({ nextHeader: 44 }, build.ipv6Fragment(6, 8, false, connection));
  it.each([
    ['an echo', over4(icmp(8, 0, 0, sent4))],
    ['an ICMPv6 echo', over6(icmpv6(128, 0, 0, sent6))],
    ['a connection', frame4],
    ['a quote without ports', over4(icmp(3, 3, 0, sent4.slice(0, 23)))],
    ['a quote shorter than a header', over4(icmp(3, 3, 0, sent4.slice(0, 19)))],
    ['a quote of another version', over4(icmp(3, 3, 0, sent6))],
    ['an ICMPv6 quote cut in an extension header', over6(icmpv6(1, 4, 0, extended.slice(0, 44)))],
    ['a quoted later fragment', over4(icmp(3, 3, 0, fragment))],
    ['a quoted later IPv6 fragment', over6(icmpv6(1, 4, 0, fragment6))],
    ['a quote beyond the captured bytes', { bytes: over4(icmp(3, 3, 0, sent4)), capturedLength: 65 }],
  ])('%s quotes nothing', (_name, error) => {
    expect(quoted(frame4, error)).toBeNull();
  });
});

describe('describeIcmp', () => {
  it.each([
    [1, 8, 0, 'echo request'],
    [1, 0, 0, 'echo reply'],
    [1, 3, 3, 'dest unreachable (port)'],
    [1, 3, 99, 'dest unreachable (code 99)'],
    [1, 11, 0, 'time exceeded (in transit)'],
    [1, 8, 5, 'echo request (code 5)'],
    [1, 200, 3, 'type 200 code 3'],
    [58, 135, 0, 'neighbor solicitation'],
    [58, 143, 0, 'MLDv2 report'],
    [58, 1, 4, 'dest unreachable (port)'],
    [58, 42, 3, 'type 42 code 3'],
  ])('protocol %i type %i code %i is "%s"', (protocol, type, code, words) => {
    expect(describeIcmp(protocol, (type << 8) | code)).toBe(words);
  });
});

describe('isUnreachable', () => {
  it('leaves out the request for smaller packets, which ends no connection', () => {
    expect(isUnreachable(IP_PROTOCOL.icmp, 0x0303)).toBe(true);
    expect(isUnreachable(IP_PROTOCOL.icmp, 0x0304)).toBe(false);
    expect(isUnreachable(IP_PROTOCOL.icmp, 0x0b00)).toBe(false);
    expect(isUnreachable(IP_PROTOCOL.icmpv6, 0x0104)).toBe(true);
    expect(isUnreachable(IP_PROTOCOL.icmpv6, 0x0200)).toBe(false);
    expect(isUnreachable(IP_PROTOCOL.tcp, 0x0303)).toBe(false);
  });
});
