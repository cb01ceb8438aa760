/** Search over stations: their hardware and IP addresses, interfaces and makers, which is all that the engine knows. */
import type { SearchQuery } from '../search/query.ts';
import { rowMatcher, type SearchedRow, type TermNames } from '../search/rows.ts';
import { addressText, macText } from '../wire/address.ts';
import { type AddressBlocks, ownerOf } from '../wire/address-blocks.ts';
import type { StationTable } from './station-table.ts';

/** One row at a time, as the search asks for it: most rows are decided without a text of their addresses. */
class StationText implements SearchedRow {
  row = 0;
  readonly #table: StationTable;
  readonly #vendors: AddressBlocks | null;
  readonly #interfaces: readonly string[];

  constructor(table: StationTable, vendors: AddressBlocks | null, interfaces: readonly string[]) {
    this.#table = table;
    this.#vendors = vendors;
    this.#interfaces = interfaces;
  }

  get iface(): readonly string[] {
    return [this.#interfaces[this.#table.slotOf(this.row)] ?? ''];
  }

  get mac(): readonly string[] {
    return [macText(this.#table.highOf(this.row), this.#table.lowOf(this.row))];
  }

  get host(): readonly string[] {
    const { addresses } = this.#table;
    return Array.from({ length: addresses.listedCount(this.row) }, (_, k) =>
      addressText(addresses.words, addresses.addressAt(this.row, k)),
    );
  }

  get vendor(): number {
    if (this.#vendors === null) return 0;
    return ownerOf(this.#vendors, this.#table.highOf(this.row), this.#table.lowOf(this.row));
  }
}

/** Whether a row of the table is shown. `names` by term; `vendors` numbers makers as they do; `interfaces` by slot. */
export function stationMatcher(
  table: StationTable,
  query: SearchQuery,
  names: readonly TermNames[],
  vendors: AddressBlocks | null,
  interfaces: readonly string[],
): (row: number) => boolean {
  const text = new StationText(table, vendors, interfaces);
  const matches = rowMatcher(query, names);
  return (row) => {
    text.row = row;
    return matches(text);
  };
}
