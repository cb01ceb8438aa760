/** Names of addresses in rows on their way out: `name`, and in `nameSource` how it is known. */
import type { KnownName, NameOrigin } from '../names/known-name.ts';

export interface NamedEndpoint {
  /** null: of no host in particular. */
  address: string | null;
  name: string | null;
  nameSource?: NameOrigin | null;
  /** Bits of a network, which has no name; absent or null: a host. */
  prefix?: number | null;
}

/** Names the endpoints that have no name yet. */
export function nameEndpoints(
  rows: readonly { endpoints: readonly NamedEndpoint[] }[],
  lookup: (address: string) => KnownName | null,
): void {
  for (const { endpoints } of rows) for (const endpoint of endpoints) nameEndpoint(endpoint, lookup);
}

function nameEndpoint(endpoint: NamedEndpoint, lookup: (address: string) => KnownName | null): void {
  const { address, name, prefix = null } = endpoint;
  if (address === null || name !== null || prefix !== null) return;
  const known = lookup(address);
  if (known === null) return;
  endpoint.name = known.name;
  endpoint.nameSource = known.origin;
}
