import { describe, expect, it } from 'vitest';
import { hostText } from '../../../screens/host-pairs/hosts.ts';
import type { HostPairRow, PairEndpoint } from '../../../screens/host-pairs/types.ts';
import { pairRows } from '../../support/pair-rows.ts';

const names = {
  lookup: (address: string) => (address === '192.0.2.1' ? 'web.example' : null),
  isObserved: () => false,
  addressesMatching: () => [],
};
const PLAIN = { names, showNames: false, showServices: false };

function rowWith(endpoint: Partial<PairEndpoint>, protocol: string | null = null): HostPairRow {
  const [row] = pairRows();
  return {
    ...row,
    protocol,
    endpoints: [{ address: null, prefix: null, port: null, name: null, ...endpoint }, row.endpoints[1]],
  };
}

describe('a side of a pair', () => {
  it.each([
    ['192.0.2.1', { address: '192.0.2.1' }],
    ['192.0.2.1:443', { address: '192.0.2.1', port: 443 }],
    ['[2001:db8::1]:443', { address: '2001:db8::1', port: 443 }],
    ['10.0.0.0/8', { address: '10.0.0.0', prefix: 8 }],
    ['2001:db8::/32', { address: '2001:db8::', prefix: 32 }],
    ['*', {}],
    ['*:53', { port: 53 }],
  ])('reads %s', (text, endpoint) => {
    expect(hostText(rowWith(endpoint, 'udp'), 0, PLAIN)).toBe(text);
  });

  it('has the names of hosts and services where they are shown and known', () => {
    const view = { ...PLAIN, showNames: true, showServices: true };
    expect(hostText(rowWith({ address: '192.0.2.1', port: 53 }, 'udp'), 0, view)).toBe('web.example:domain');
    expect(hostText(rowWith({ address: '192.0.2.2', port: 54_321 }, 'udp'), 0, view)).toBe('192.0.2.2:54321');
    // A network is not the host that its address belongs to.
    expect(hostText(rowWith({ address: '192.0.2.1', prefix: 24 }), 0, view)).toBe('192.0.2.1/24');
  });

  it('marks a name that was seen on the wire', () => {
    const view = { names: { ...names, isObserved: () => true }, showNames: true, showServices: false };
    expect(hostText(rowWith({ address: '192.0.2.1' }), 0, view)).toBe('~web.example');
  });

  it('never cuts the port, and never takes more than it is given', () => {
    const long = rowWith({ address: '2001:db8:85a3:8d3:1319:8a2e:370:7348', port: 51_820 }, 'udp');
    for (let width = 12; width <= 50; width++) {
      const text = hostText(long, 0, PLAIN, width);
      expect(text.length).toBeLessThanOrEqual(width);
      expect(text.endsWith(']:51820')).toBe(true);
    }
    expect(hostText(rowWith({ address: '192.168.178.120', port: 51_820 }, 'udp'), 0, PLAIN, 18)).toBe(
      '192.168.178…:51820',
    );
  });
});
