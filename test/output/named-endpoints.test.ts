import { expect, it } from 'vitest';
import type { KnownName } from '../../src/names/known-name.ts';
import { type NamedEndpoint, nameEndpoints } from '../../src/output/named-endpoints.ts';

function endpoint(address: string | null, more: Partial<NamedEndpoint> = {}): NamedEndpoint {
  return { address, name: null, ...more };
}

it('names hosts and says how their names are known; networks, no hosts and those with a name stay as they are', () => {
  const asked: string[] = [];
  const lookup = (address: string): KnownName | null => {
    asked.push(address);
    return address === '192.0.2.1' ? { name: 'a.example', origin: 'observed-dns' } : null;
  };
  const rows = [
    { endpoints: [endpoint('192.0.2.1'), endpoint('192.0.2.2')] },
    { endpoints: [endpoint('192.0.2.0', { prefix: 24 }), endpoint(null)] },
    { endpoints: [endpoint('192.0.2.3', { name: 'kept' }), endpoint('192.0.2.1', { prefix: null })] },
  ];
  nameEndpoints(rows, lookup);
  const known = { name: 'a.example', nameSource: 'observed-dns' };
  expect(rows[0].endpoints).toMatchObject([known, { name: null }]);
  expect(rows[1].endpoints).toEqual([endpoint('192.0.2.0', { prefix: 24 }), endpoint(null)]);
  expect(rows[2].endpoints).toMatchObject([{ name: 'kept' }, known]);
  expect(asked).toEqual(['192.0.2.1', '192.0.2.2', '192.0.2.1']);
});
