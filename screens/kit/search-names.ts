/** What terms of a search stand for by names that only the front knows. */
import { servicePorts } from '../../src/names/services.ts';
import type { SearchTerm, SearchValue } from '../../src/search/query.ts';
import { type TermNames, textTest } from '../../src/search/rows.ts';
import type { NameSource } from '../monitor-screen.ts';
import type { NamesOf } from './search.ts';

/** Names that one term may stand for: more would make every question to the engine large. */
const SEARCHED_NAMES = 500;

export interface KnownNames {
  names: NameSource;
  /** Shown instead of addresses and ports: then they are searched without a field too. */
  showNames: boolean;
  showServices: boolean;
}

/** Addresses and ports by the names of hosts and services. */
export function hostsAndServices({ names, showNames, showServices }: KnownNames): NamesOf {
  return ({ field, values }, isMeant): TermNames => {
    const hosts = field === 'host' || (field === null && showNames);
    const addresses = hosts ? names.addressesMatching(isMeant, SEARCHED_NAMES) : [];
    const ports = field === 'port' || (field === null && showServices) ? servicesOf({ field, values }) : [];
    return { ...(addresses.length > 0 ? { addresses } : {}), ...(ports.length > 0 ? { ports } : {}) };
  };
}

/** Ports by the names of services; "port:http" is the service of that name, if there is one, and not https. */
export function servicesOf({ field, values }: Pick<SearchTerm, 'field' | 'values'>): number[] {
  const portsOf = (value: SearchValue): number[] => {
    const named =
      value.kind === 'text' && field === 'port'
        ? servicePorts((name) => name.toLowerCase() === value.text, SEARCHED_NAMES)
        : [];
    return named.length > 0 ? named : servicePorts(textTest([value]), SEARCHED_NAMES);
  };
  return [...new Set(values.flatMap(portsOf))];
}
