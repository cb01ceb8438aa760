/** Names of addresses as screens write them. */
import type { NameSource } from './monitor-screen.ts';

/** Before a name that was seen on the wire: what was asked for, which reverse DNS need not say. ASCII on purpose. */
const OBSERVED_MARK = '~';

/** The name of an address with its mark, or null: not known (yet). May begin to find out. */
export function shownName(names: NameSource, address: string): string | null {
  const name = names.lookup(address);
  if (name === null) return null;
  return names.isObserved?.(address) === true ? `${OBSERVED_MARK}${name}` : name;
}
