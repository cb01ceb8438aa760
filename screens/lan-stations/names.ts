/**
 * What a station is called: the operator's own description, the name in /etc/ethers, the word for a group; and who made
 * its card. The engine knows none of it.
 */

import { groupsMatching, groupWord } from '../../src/names/ethernet-groups.ts';
import { type EtherNames, systemEthers } from '../../src/names/ethers.ts';
import { sanitizeText } from '../../src/names/sanitize.ts';
import { localWord, systemVendors, type VendorNames } from '../../src/names/vendors.ts';

/** The operator's own descriptions as they are now, by MAC address (lower case, colons). */
export type Descriptions = () => Readonly<Record<string, string>>;

export interface StationNameSources {
  descriptions?: Descriptions;
  ethers?: Pick<EtherNames, 'name' | 'macsMatching'>;
  vendors?: Pick<VendorNames, 'name' | 'blocks' | 'ownersMatching'>;
}

/** Names that one search may stand for: more would make every question to the engine large. */
const SEARCHED_NAMES = 500;

export class StationNames {
  readonly descriptions: Descriptions;
  readonly vendors: NonNullable<StationNameSources['vendors']>;
  readonly #ethers: NonNullable<StationNameSources['ethers']>;

  constructor({ descriptions, ethers, vendors }: StationNameSources = {}) {
    this.descriptions = descriptions ?? (() => ({}));
    this.#ethers = ethers ?? systemEthers;
    this.vendors = vendors ?? systemVendors;
  }

  /** The operator's own description, or null. */
  own(mac: string): string | null {
    const text = this.descriptions()[mac];
    return text === undefined ? null : sanitizeText(text);
  }

  /** The name in /etc/ethers, or null. */
  inEthers(mac: string): string | null {
    return this.#ethers.name(mac);
  }

  /** Own description, else the name in /etc/ethers, else the word for a group, or null. */
  description(mac: string): string | null {
    return this.own(mac) ?? this.inEthers(mac) ?? groupWord(mac);
  }

  vendor(mac: string): string | null {
    return this.vendors.name(mac);
  }

  /** Who made the card; "local" for addresses that software made; null where nothing is known. */
  vendorOrLocal(mac: string): string | null {
    return this.vendor(mac) ?? localWord(mac);
  }

  /** Addresses whose description, name or word is meant. */
  macsMatching(isMeant: (name: string) => boolean): string[] {
    const own = Object.entries(this.descriptions()).filter(([, description]) => isMeant(description));
    const macs = [
      ...own.map(([mac]) => mac),
      ...this.#ethers.macsMatching(isMeant, SEARCHED_NAMES),
      ...groupsMatching(isMeant),
    ];
    return [...new Set(macs)].slice(0, SEARCHED_NAMES);
  }
}
