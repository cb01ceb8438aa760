import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseSearch, type SearchField, type SearchTerm } from '../../src/search/query.ts';
import { rowMatcher, type SearchedRow } from '../../src/search/rows.ts';

const ALL: SearchField[] = ['host', 'port', 'proto', 'state', 'iface', 'process', 'mac', 'vendor'];

/** Terms as one reads them: "!host=10.9", "port=80-90|443". */
function read(text: string, fields: readonly SearchField[] = ALL): string[] {
  return parseSearch(text, fields).terms.map(termText);
}

function termText({ field, negated, values }: SearchTerm): string {
  const words = values.map((value) => {
    if (value.kind === 'text') return `"${value.text}"`;
    if (value.kind === 'numbers') return `${value.from}-${value.to}`;
    if (value.kind === 'pattern') return '/';
    const hex = (words: Uint32Array): string => [...words].map((word) => word.toString(16)).join(' ');
    return `${hex(value.network.words)} / ${hex(value.network.mask)}`;
  });
  return `${negated ? '!' : ''}${field ?? ''}=${words.join('|')}`;
}

describe('a search', () => {
  it.each<[string, string[]]>([
    ['', []],
    ['  ', []],
    ['Text', ['="text"']],
    ['one  two', ['="one"', '="two"']],
    ['one and two AND three', ['="one"', '="two"', '="three"']],
    ['"and" !and', ['="and"', '!="and"']],
    ['"two words" x', ['="two words"', '="x"']],
    ['"not closed x', ['="not closed x"']],
    ['"host:x"', ['="host:x"']],
    ['host:"my server"port:80', ['host="my server"', 'port=80-80']],
    ['!tcp !!udp', ['!="tcp"', '="udp"']],
    ['Host:Mail', ['host="mail"']],
    ['host:10.9', ['host="10.9"']],
    ['host:10.9.0.1', ['host=0 0 ffff a090001 / ffffffff ffffffff ffffffff ffffffff']],
    ['host:10.9.7.1/8', ['host=0 0 ffff a000000 / ffffffff ffffffff ffffffff ff000000']],
    ['host:0.0.0.0/0', ['host=0 0 ffff 0 / ffffffff ffffffff ffffffff 0']],
    ['host:fe80::/10', ['host=fe800000 0 0 0 / ffc00000 0 0 0']],
    ['host:fe80::', ['host="fe80::"']],
    ['host:fe80::1', ['host=fe800000 0 0 1 / ffffffff ffffffff ffffffff ffffffff']],
    ['host:02:00:5e:10:00:01', ['host="02:00:5e:10:00:01"']],
    ['port:80,443,8000-8100,http,', ['port=80-80|443-443|8000-8100|"http"']],
    ['port:"80,443"', ['port="80,443"']],
    ['proto:tcp,47', ['proto="tcp"|47-47']],
    ['a,b', ['="a,b"']],
    ['/a b/ /c\\/d/', ['=/', '=/']],
    ['!port:/^80/ state:est', ['!port=/', 'state="est"']],
    ['/a/b/', ['=/']],
    ['fe80::1 02:00:5e', ['="fe80::1"', '="02:00:5e"']],
  ])('%s', (text, terms) => {
    const { note } = parseSearch(text, ALL);
    expect([read(text), note]).toEqual([terms, null]);
  });

  it.each<[string, string[], string]>([
    ['host:', [], 'host: address, network or name'],
    ['host: tcp', ['="tcp"'], 'host: address, network or name'],
    ['tcp !', ['="tcp"'], '! and what must not match'],
    ['host:""', [], 'host: address, network or name'],
    ['port:,', [], 'port: 80, 80-90, 80,443 or a service'],
    ['tcp /10', ['="tcp"'], 'a regular expression ends with /'],
    ['/', [], 'a regular expression ends with /'],
    ['!host:/10\\. port:22', [], 'a regular expression ends with /'],
    ['//', [], 'a regular expression ends with /'],
    ['/(/ tcp', ['="tcp"'], '/(/: ( without )'],
    ['port:80-', [], 'port: 80- to which?'],
    ['port:90-80', [], 'port: 90-80 has no port'],
    ['port:70000', [], 'port: up to 65535'],
    ['proto:256', [], 'proto: a name, or a number up to 255'],
    ['host:10.0.0.0/', [], 'host: /0 to /32'],
    ['host:fe80::/129', [], 'host: /0 to /128'],
    ['host:10.0/8', [], 'host: 10.0 is no address'],
    ['prot:tcp', ['="prot:tcp"'], 'prot: is no field'],
    ['process:sshd', ['process="sshd"'], 'programs are not known here'],
  ])('not finished or not understood: %s', (text, terms, note) => {
    expect([read(text), parseSearch(text, ALL).note]).toEqual([terms, note]);
  });

  it('says which field a screen does not have, and goes by the others', () => {
    const { terms, note } = parseSearch('state:up port:22', ['port', 'proto']);
    expect([terms.map(termText), note]).toEqual([['port=22-22'], 'no state: here']);
    expect(parseSearch('host:x', []).note).toBe('no host: here');
  });

  it('never throws, and reads the same text in the same way', () => {
    const piece = fc.constantFrom(...'!!"/:,- \\()[]*a1.', 'host:', 'port:', 'and', '10.0.0.0/8', '/x/', 'é', '80-90');
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 14 }), (pieces) => {
        const text = pieces.join('');
        expect(read(text)).toEqual(read(text));
      }),
      { numRuns: 500 },
    );
  });
});

// --- against a slow, obvious evaluation -----------------------------------------------------------------------------

const ROW_WORDS = {
  host: ['10.0.0.1', '10.9.1.2', '192.168.9.10', 'fe80::1', '2001:db8::beef', '02:00:5e:10:00:01'],
  port: [22, 80, 443, 8080, 0],
  proto: ['tcp', 'udp', 'icmp', 'arp'],
  state: ['new', 'established', 'active'],
  iface: ['eth0', 'br1', 'veth10'],
} as const;
const NUMBERS: Record<string, number> = { tcp: 6, udp: 17, icmp: 1 };

interface PlainRow {
  host: string[];
  port: number[];
  proto: string;
  state: string;
  iface: string;
}

const plainRow: fc.Arbitrary<PlainRow> = fc.record({
  host: fc.array(fc.constantFrom(...ROW_WORDS.host), { minLength: 2, maxLength: 2 }),
  port: fc.array(fc.constantFrom(...ROW_WORDS.port), { maxLength: 2 }),
  proto: fc.constantFrom(...ROW_WORDS.proto),
  state: fc.constantFrom(...ROW_WORDS.state),
  iface: fc.constantFrom(...ROW_WORDS.iface),
});

/** A term as text, and what it obviously means. */
type Meaning = [text: string, holds: (row: PlainRow) => boolean];

const texts = (row: PlainRow, field: string | null): string[] => {
  const { host, port, proto, state, iface } = row;
  const all: Record<string, string[]> = {
    host,
    port: port.map(String),
    proto: [proto],
    state: [state],
    iface: [iface],
  };
  return field === null ? Object.values(all).flat() : all[field];
};

const bits = (address: string): string =>
  address
    .split('.')
    .map((octet) => Number(octet).toString(2).padStart(8, '0'))
    .join('');

const anywhere = fc.constantFrom(null, 'host', 'proto', 'state', 'iface');
const behind = (field: string | null, value: string): string => (field === null ? value : `${field}:${value}`);

const contained: fc.Arbitrary<Meaning> = fc
  .tuple(anywhere, fc.constantFrom('e', '0.', 'ETH', '9.1', 'tcp', 'a', 'nothing', ':1', 'beef', '0:0'))
  .map(([field, word]) => [
    behind(field, `"${word}"`),
    (row) => texts(row, field).some((text) => text.includes(word.toLowerCase())),
  ]);
const expressed: fc.Arbitrary<Meaning> = fc
  .tuple(
    fc.constantFrom(null, 'host', 'port', 'proto', 'state', 'iface'),
    fc.constantFrom('^1', '[0-9]0$', 'e.*0', '\\.', '^(tcp|new)$', '80|22', ' '),
  )
  .map(([field, source]) => [
    behind(field, `/${source}/`),
    (row) => texts(row, field).some((text) => new RegExp(source, 'i').test(text)),
  ]);
const numbered: fc.Arbitrary<Meaning> = fc
  .array(fc.tuple(fc.nat(9000), fc.nat(500)), { minLength: 1, maxLength: 3 })
  .map((ranges) => [
    `port:${ranges.map(([from, more]) => (more % 2 === 0 ? `${from}` : `${from}-${from + more}`)).join(',')}`,
    (row) =>
      ranges.some(([from, more]) =>
        row.port.some((port) => port >= from && port <= from + (more % 2 === 0 ? 0 : more)),
      ),
  ]);
const numberedProtocol: fc.Arbitrary<Meaning> = fc
  .constantFrom(1, 6, 17, 99)
  .map((number) => [`proto:${number}`, (row) => NUMBERS[row.proto] === number]);
const networked: fc.Arbitrary<Meaning> = fc
  .tuple(fc.constantFrom('10.0.0.1', '10.9.1.2', '192.168.0.0'), fc.nat(32))
  .map(([address, prefix]) => [
    `host:${address}/${prefix}`,
    (row) =>
      row.host.some((host) => host.includes('.') && bits(host).slice(0, prefix) === bits(address).slice(0, prefix)),
  ]);
const meaning = fc.oneof(contained, expressed, numbered, numberedProtocol, networked);
const negatable: fc.Arbitrary<Meaning> = fc
  .tuple(fc.boolean(), meaning)
  .map(([negated, [text, holds]]) => (negated ? [`!${text}`, (row) => !holds(row)] : [text, holds]));

function searched({ proto, ...row }: PlainRow): SearchedRow {
  return { ...row, proto: [proto], ipProtocol: NUMBERS[proto] ?? null, state: [row.state], iface: [row.iface] };
}

describe('rows of a search', () => {
  it('are those of which every term obviously holds', () => {
    const rows = fc.array(plainRow, { minLength: 8, maxLength: 8 });
    fc.assert(
      fc.property(fc.array(negatable, { maxLength: 3 }), fc.boolean(), rows, (meanings, withAnd, given) => {
        const text = meanings.map(([each]) => each).join(withAnd ? ' and ' : '  ');
        const query = parseSearch(text, ALL);
        expect(query.note).toBeNull();
        const matches = rowMatcher(query);
        expect([text, given.map((row) => matches(searched(row)))]).toEqual([
          text,
          given.map((row) => meanings.every(([, holds]) => holds(row))),
        ]);
      }),
      { numRuns: 500 },
    );
  });

  it('are met by the names of each term alone', () => {
    const row = { host: ['10.0.0.1'], port: [443], mac: ['02:00:5e:10:00:01'], vendor: 7 };
    const shown = (text: string, names: Parameters<typeof rowMatcher>[1]): boolean =>
      rowMatcher(parseSearch(text, ALL), names)(row);
    expect(shown('host:alice port:https', [{ addresses: ['10.0.0.1'] }, { ports: [443] }])).toBe(true);
    expect(shown('host:alice port:https', [{ addresses: ['10.0.0.1'] }, {}])).toBe(false);
    expect(shown('!host:alice', [{ addresses: ['10.0.0.1'] }])).toBe(false);
    expect(shown('!host:alice', [{ addresses: ['10.0.0.2'] }])).toBe(true);
    expect(shown('vendor:acme host:desk', [{ vendors: Uint16Array.of(7) }, { macs: ['02:00:5e:10:00:01'] }])).toBe(
      true,
    );
    expect(shown('vendor:acme', [{ vendors: Uint16Array.of(6) }])).toBe(false);
  });

  it('lie in networks of their own family alone, and hardware addresses in none', () => {
    const hosts = ['10.0.0.1', '255.255.255.255', 'fe80::1', '::1', '::', '02:00:5e:10:00:01'];
    const shown = (text: string): string[] =>
      hosts.filter((host) => rowMatcher(parseSearch(text, ALL))({ host: [host] }));
    expect(shown('host:0.0.0.0/0')).toEqual(['10.0.0.1', '255.255.255.255']);
    expect(shown('host:::/0')).toEqual(['fe80::1', '::1', '::']);
    expect(shown('host:::/127')).toEqual(['::1', '::']);
    expect(shown('host:fe80::/9')).toEqual(['fe80::1']);
  });

  it('know ICMPv6 by both of its names, and no program', () => {
    const shown = (text: string): boolean => rowMatcher(parseSearch(text, ALL))({ proto: ['ipv6-icmp', 'icmpv6'] });
    expect([shown('proto:icmpv6'), shown('proto:ipv6-icmp'), shown('proto:/^icmp$/')]).toEqual([true, true, false]);
    expect([shown('process:sshd'), shown('!process:sshd')]).toEqual([false, true]);
  });
});
