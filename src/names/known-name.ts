/** How the name of an address is known: seen in an answer of DNS, asked for in a TLS or QUIC handshake, or looked up by us. */
export const NAME_ORIGINS = ['observed-dns', 'observed-tls', 'observed-quic', 'reverse-dns'] as const;
export type NameOrigin = (typeof NAME_ORIGINS)[number];

export interface KnownName {
  /** Cleaned. */
  name: string;
  origin: NameOrigin;
}
