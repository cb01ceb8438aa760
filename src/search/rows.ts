/**
 * A search over rows that are plain values: which rows stay. Names that only the screens know (of hosts, services,
 * stations, makers) come with each term as what they stand for.
 */
import { parseAddress } from '../wire/address.ts';
import { isInNetwork, type SearchField, type SearchQuery, type SearchTerm, type SearchValue } from './query.ts';

/** What a term stands for by names; of the same place as the term. */
export interface TermNames {
  addresses?: readonly string[];
  ports?: readonly number[];
  macs?: readonly string[];
  /** Numbers of makers. */
  vendors?: Uint16Array;
}

/** What a row shows, by the field that looks at it; absent: nothing. */
export interface SearchedRow {
  readonly host?: readonly string[];
  readonly port?: readonly (number | null)[];
  /** Lower-case names, as protocolWords gives them. */
  readonly proto?: readonly string[];
  readonly ipProtocol?: number | null;
  readonly state?: readonly string[];
  readonly iface?: readonly string[];
  readonly mac?: readonly string[];
  /** Number of the maker. */
  readonly vendor?: number;
  /** Seen by terms without a field alone. */
  readonly other?: readonly string[];
}

type RowTest = (row: SearchedRow) => boolean;

/** Spellings of protocols beside the one that rows have. */
const SPELLINGS: Readonly<Record<string, string>> = { 'ipv6-icmp': 'icmpv6' };

/** The name of a row's protocol, and how else it is written. */
export function protocolWords(name: string): readonly string[] {
  const other = SPELLINGS[name];
  return other === undefined ? [name] : [name, other];
}

/** True where a text contains, or matches, any of the term's texts and expressions. */
export function textTest(values: readonly SearchValue[]): (text: string) => boolean {
  const tests = values.flatMap((value): ((text: string) => boolean)[] => {
    if (value.kind === 'text') return [(text) => text.toLowerCase().includes(value.text)];
    return value.kind === 'pattern' ? [(text) => value.pattern.test(text)] : [];
  });
  return (text) => tests.some((test) => test(text));
}

/** Whether a row is shown; `names` by term. */
export function rowMatcher({ terms }: SearchQuery, names: readonly TermNames[] = []): RowTest {
  const tests = terms.map((term, k): RowTest => {
    const test = termTest(term, names[k] ?? {});
    return term.negated ? (row) => !test(row) : test;
  });
  return (row) => tests.every((test) => test(row));
}

const WORD_FIELDS = ['iface', 'state', 'proto', 'other'] as const satisfies (SearchField | 'other')[];
const ADDRESS_FIELDS = ['mac', 'host'] as const satisfies SearchField[];

/** False where no text of an address can hold: making them is what costs. */
function canBeInAddress(values: readonly SearchValue[]): boolean {
  return values.some((value) => value.kind !== 'text' || /^[0-9a-f:.]+$/.test(value.text));
}

function termTest({ field, values }: SearchTerm, names: TermNames): RowTest {
  const isText = textTest(values);
  const isNamed = namedTest(names);
  const isNumber = numberTest(values);
  const isPortText: RowTest = ({ port = [] }) => port.some((each) => each !== null && isText(String(each)));
  switch (field) {
    case null: {
      const fields = canBeInAddress(values) ? [...WORD_FIELDS, ...ADDRESS_FIELDS] : WORD_FIELDS;
      return (row) => isNamed(row) || isPortText(row) || fields.some((each) => (row[each] ?? []).some(isText));
    }
    case 'vendor':
    case 'process':
      return isNamed;
    case 'port':
      return (row) =>
        isNamed(row) || isPortText(row) || (row.port ?? []).some((port) => port !== null && isNumber(port));
    case 'proto':
      return ({ proto = [], ipProtocol = null }) => proto.some(isText) || (ipProtocol !== null && isNumber(ipProtocol));
    case 'host': {
      const isAddress = networkTest(values);
      return (row) => isNamed(row) || (row.host ?? []).some((text) => isText(text) || isAddress(text));
    }
    default:
      return (row) => (row[field] ?? []).some(isText);
  }
}

function namedTest({ addresses = [], ports = [], macs = [], vendors = new Uint16Array(0) }: TermNames): RowTest {
  const [addressSet, portSet, macSet, vendorSet] = [addresses, ports, macs, vendors].map(
    (each) => new Set<unknown>(each),
  );
  if (addressSet.size + portSet.size + macSet.size + vendorSet.size === 0) return () => false;
  return (row) =>
    (vendorSet.size > 0 && vendorSet.has(row.vendor)) ||
    (portSet.size > 0 && (row.port ?? []).some((port) => portSet.has(port))) ||
    (macSet.size > 0 && (row.mac ?? []).some((mac) => macSet.has(mac))) ||
    (addressSet.size > 0 && (row.host ?? []).some((address) => addressSet.has(address)));
}

function numberTest(values: readonly SearchValue[]): (number: number) => boolean {
  const ranges = values.filter((value) => value.kind === 'numbers');
  return (number) => ranges.some(({ from, to }) => number >= from && number <= to);
}

function networkTest(values: readonly SearchValue[]): (address: string) => boolean {
  const networks = values.filter((value) => value.kind === 'network').map(({ network }) => network);
  if (networks.length === 0) return () => false;
  return (text) => {
    const address = parseAddress(text);
    return address !== null && networks.some((network) => isInNetwork(network, address, 0));
  };
}
