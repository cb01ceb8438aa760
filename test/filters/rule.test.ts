import { describe, expect, test } from 'vitest';
import type { FilterRule } from '../../filters/filter.ts';
import {
  BadRule,
  filterProblems,
  nameProblem,
  parseAddresses,
  parseInterfaces,
  parseMacs,
  parsePatterns,
  parsePorts,
  parseProtocols,
  parseVlans,
  ruleProblems,
} from '../../filters/rule.ts';

/** What stands beside a field of a form. */
const LONGEST_PROBLEM = 44;

/** The problem that a parser has with a text. */
function problem(parse: (text: string) => unknown, text: string): string {
  try {
    parse(text);
  } catch (error) {
    if (error instanceof BadRule) return error.message;
    throw error;
  }
  throw new Error(`"${text}" was taken`);
}

const hexWords = (words: Uint32Array): string => Array.from(words, (word) => word.toString(16)).join(' ');

describe('addresses', () => {
  test.each([
    ['10.77.0.2', 4, '0 0 ffff a4d0002', 'ffffffff ffffffff ffffffff ffffffff'],
    ['10.77.0.2/24', 4, '0 0 ffff a4d0000', 'ffffffff ffffffff ffffffff ffffff00'],
    ['10.0.0.0/8', 4, '0 0 ffff a000000', 'ffffffff ffffffff ffffffff ff000000'],
    ['1.2.3.4/0', 4, '0 0 ffff 0', 'ffffffff ffffffff ffffffff 0'],
    ['1.2.3.4/32', 4, '0 0 ffff 1020304', 'ffffffff ffffffff ffffffff ffffffff'],
    ['10.9.8.7/255.0.255.0', 4, '0 0 ffff a000800', 'ffffffff ffffffff ffffffff ff00ff00'],
    ['fe80::1/10', 6, 'fe800000 0 0 0', 'ffc00000 0 0 0'],
    ['2001:db8::1', 6, '20010db8 0 0 1', 'ffffffff ffffffff ffffffff ffffffff'],
    ['2001:db8:ffff:ffff::/33', 6, '20010db8 80000000 0 0', 'ffffffff 80000000 0 0'],
    ['::/0', 6, '0 0 0 0', '0 0 0 0'],
    ['::ffff:10.0.0.1/104', 6, '0 0 ffff a000000', 'ffffffff ffffffff ffffffff ff000000'],
  ])('%s', (text, family, words, mask) => {
    const [network] = parseAddresses(text);
    if ('host' in network) throw new Error('a name');
    expect(network.family).toBe(family);
    expect([hexWords(network.words), hexWords(network.mask)]).toEqual([words, mask]);
  });

  test('several, and names', () => {
    const read = parseAddresses('10.0.0.1 , web.example,localhost, a_b.example., 1.example');
    expect(read.map((item) => ('host' in item ? item.host : item.family))).toEqual([
      4,
      'web.example',
      'localhost',
      'a_b.example.',
      '1.example',
    ]);
  });

  test.each([
    ['10.0.0', '10.0.0 is no address'],
    ['10.0.0.256', '10.0.0.256 is no address'],
    ['10.0.0.1/33', 'after / comes 0-32 or a mask'],
    ['10.0.0.1/255.0.0', 'after / comes 0-32 or a mask'],
    ['10.0.0.1/', 'after / comes 0-32 or a mask'],
    ['::1/129', 'after / comes 0-128'],
    ['::1/255.0.0.0', 'after / comes 0-128'],
    ['fe80::1%eth0', 'an address without its %zone'],
    ['1:2:3', '1:2:3 is no address'],
    ['web.example/24', 'a host name takes no mask'],
    ['web.example:80', 'web.example:80 is no address'],
    ['-web.example', '-web.example is no address or name'],
    ['web..example', 'web..example is no address or name'],
    [`${'a'.repeat(64)}.example`, `${'a'.repeat(13)}… is no address or name`],
    ['any', 'leave it empty for any address'],
    ['10.0.0.1,', 'a comma too many'],
    ['', 'is empty'],
    ['we\u001bb', 'we?b is no address or name'],
  ])('%j is refused', (text, expected) => expect(problem(parseAddresses, text)).toBe(expected));
});

test('MAC addresses', () => {
  expect(parseMacs('02:00:00:00:00:0a, FF-FF-FF-FF-FF-FF,2:0:0:0:0:b')).toEqual([
    [0x0200, 0x0a],
    [0xffff, 0xffff_ffff],
    [0x0200, 0x0b],
  ]);
  for (const text of ['02:00:00:00:00', '02:00:00:00:00:0a:0b', '02:00-00:00:00:0a', '02:00:00:00:00:0g']) {
    expect(problem(parseMacs, text)).toMatch(/ is no MAC address$/);
  }
});

describe('ports', () => {
  test('and ranges, sorted and joined', () => {
    expect(parsePorts('80,443,8000-8100')).toEqual([
      [80, 80],
      [443, 443],
      [8000, 8100],
    ]);
    expect(parsePorts('443, 80 ,81, 20 - 90,65535,0')).toEqual([
      [0, 0],
      [20, 90],
      [443, 443],
      [65_535, 65_535],
    ]);
    expect(parsePorts('1-10,5-7,8-12,14')).toEqual([
      [1, 12],
      [14, 14],
    ]);
  });

  test.each([
    ['http', 'http is no port (0-65535, 80-90)'],
    ['65536', '65536 is no port (0-65535, 80-90)'],
    ['1-65536', '1-65536 is no port (0-65535, 80-90)'],
    ['-1', '-1 is no port (0-65535, 80-90)'],
    ['80-', '80- is no port (0-65535, 80-90)'],
    ['90-80', '90-80: the smaller number first'],
    ['80 90', '80 90 is no port (0-65535, 80-90)'],
    ['80,,90', 'a comma too many'],
  ])('%j is refused', (text, expected) => expect(problem(parsePorts, text)).toBe(expected));
});

describe('protocols', () => {
  const none = { ip: [], networks: [], etherTypes: [] };

  test.each([
    ['tcp', { ...none, ip: [[6, 6]] }],
    [
      'TCP, Udp',
      {
        ...none,
        ip: [
          [6, 6],
          [17, 17],
        ],
      },
    ],
    [
      '46, 55, 101-104',
      {
        ...none,
        ip: [
          [46, 46],
          [55, 55],
          [101, 104],
        ],
      },
    ],
    ['icmpv6', { ...none, ip: [[58, 58]] }],
    ['ipv6-icmp,icmp6', { ...none, ip: [[58, 58]] }],
    [
      'ospf,ah,esp',
      {
        ...none,
        ip: [
          [50, 51],
          [89, 89],
        ],
      },
    ],
    ['ip', { ...none, networks: ['ipv4', 'ipv6'] }],
    ['ipv4,ipv6,ip6', { ...none, networks: ['ipv4', 'ipv6'] }],
    ['non-ip', { ...none, networks: ['other'] }],
    [
      '6in4,ipip',
      {
        ...none,
        ip: [
          [4, 4],
          [41, 41],
        ],
      },
    ],
    ['arp,rarp', { ...none, etherTypes: [0x0806, 0x8035] }],
    ['lldp,stp,mpls', { ...none, etherTypes: [0x88cc, 0x4242, 0x8847, 0x8848] }],
    ['0x88CC, 0x0800', { ...none, etherTypes: [0x88cc, 0x0800] }],
    ['0-255', { ...none, ip: [[0, 255]] }],
  ])('%s', (text, expected) => expect(parseProtocols(text)).toEqual(expected));

  test.each([
    ['tpc', 'tpc is no known protocol'],
    ['256', '256: protocols are 0-255'],
    ['10-300', '10-300: protocols are 0-255'],
    ['9-8', '9-8: the smaller number first'],
    ['0x5ff', '0x5ff: EtherTypes are 0x600-0xffff'],
    ['0x12345', '0x12345: EtherTypes are 0x600-0xffff'],
    ['0x', '0x: EtherTypes are 0x600-0xffff'],
    ['vlan', 'VLANs have a field of their own'],
    ['0x8100', 'VLANs have a field of their own'],
    ['any', 'leave it empty for every protocol'],
    ['constructor', 'constructor is no known protocol'],
    ['tcp udp', 'tcp udp is no known protocol'],
  ])('%j is refused', (text, expected) => expect(problem(parseProtocols, text)).toBe(expected));
});

test('VLANs', () => {
  expect(parseVlans('10, 1-4,any')).toEqual({ ranges: [[0, 4095]], untagged: false });
  expect(parseVlans('none,10,1-4')).toEqual({
    ranges: [
      [1, 4],
      [10, 10],
    ],
    untagged: true,
  });
  expect(problem(parseVlans, '0')).toBe('0: 1-4095, any or none');
  expect(problem(parseVlans, '4096')).toBe('4096: 1-4095, any or none');
  expect(problem(parseVlans, 'tagged')).toBe('tagged: 1-4095, any or none');
});

test('names and patterns', () => {
  expect(parseInterfaces('eth0, veth*')).toEqual(['eth0', 'veth*']);
  expect(parsePatterns('Web Content,ssh?')).toEqual(['Web Content', 'ssh?']);
  expect(problem(parseInterfaces, 'eth0,')).toBe('a comma too many');
  expect(problem(parsePatterns, 'a\u202eb')).toBe('printable characters only');
});

describe('what is wrong with a rule', () => {
  const rule = (fields: Partial<FilterRule>): FilterRule => ({ action: 'include', ...fields });

  test('each field, by its name', () => {
    const wrong = rule({
      source: { address: '10.0.0', mac: 'x', port: 'y' },
      destination: { address: '1/2', mac: '0', port: '70000' },
      protocol: 'tpc',
      interface: 'eth0,',
      vlan: '9999',
      process: ',',
    });
    expect(ruleProblems(wrong).map(({ field }) => field)).toEqual([
      'source.address',
      'source.mac',
      'source.port',
      'destination.address',
      'destination.mac',
      'destination.port',
      'protocol',
      'interface',
      'vlan',
      'process',
    ]);
    for (const { problem } of ruleProblems(wrong)) expect(problem.length).toBeLessThanOrEqual(LONGEST_PROBLEM);
  });

  test('in few words, whatever was typed', () => {
    for (const typed of [
      'x'.repeat(99),
      '9'.repeat(99),
      '9-1',
      '1.2.3.4.5.6.7.8.9.0.1.2',
      '0xfffffffffffffffff',
      '1::2::3/999',
    ]) {
      const fields = { address: typed, mac: typed, port: typed };
      const problems = ruleProblems(rule({ source: fields, destination: fields, protocol: typed, vlan: typed }));
      expect(problems.length).toBeGreaterThan(4);
      for (const { problem } of problems) expect(problem.length, problem).toBeLessThanOrEqual(LONGEST_PROBLEM);
    }
  });

  test('nothing about empty fields and rules without any', () => {
    expect(ruleProblems(rule({}))).toEqual([]);
    expect(ruleProblems(rule({ source: { address: ' ', port: '' }, protocol: '', expression: ' ' }))).toEqual([]);
  });

  test.each<[string, Partial<FilterRule>, string[]]>([
    ['an expression beside another matcher', { expression: 'tcp', vlan: '1' }, ['expression']],
    ['an expression beside a port', { expression: 'tcp', source: { port: '1' } }, ['expression']],
    ['an expression beside a direction', { expression: 'tcp', direction: 'in' }, ['expression']],
    ['an expression and one way', { expression: 'tcp', ways: 'one' }, []],
    ['an expression beside the own session', { expression: 'tcp', ownSession: true }, ['expression']],
    ['the own session beside another matcher', { ownSession: true, interface: 'eth0' }, ['ownSession']],
    ['the own session alone', { ownSession: true }, []],
    ['ports of ICMP', { protocol: 'icmp', source: { port: '1' } }, ['source.port']],
    ['ports of ARP', { protocol: 'arp', destination: { port: '1' } }, ['destination.port']],
    ['ports of one of several', { protocol: 'icmp,udp', destination: { port: '1' } }, []],
    ['ports of a range', { protocol: '100-140', destination: { port: '1' } }, []],
    ['ports of IP', { protocol: 'ip', destination: { port: '1' } }, []],
    ['ports of an EtherType', { protocol: '0x86dd', destination: { port: '1' } }, []],
    ['addresses of ARP', { protocol: 'arp,rarp', source: { address: '10.0.0.1' } }, ['source.address']],
    [
      'addresses of all that is no IP',
      { protocol: 'non-ip', destination: { address: 'a.example' } },
      ['destination.address'],
    ],
    ['both families', { source: { address: '10.0.0.1' }, destination: { address: '::1' } }, ['destination.address']],
    ['both families in lists', { source: { address: '10.0.0.1,::2' }, destination: { address: '::1' } }, []],
    ['a name, which may be either', { source: { address: 'a.example' }, destination: { address: '::1' } }, []],
    ['IPv6 addresses of IPv4', { protocol: 'ipv4', source: { address: '::1' } }, ['source.address']],
    ['IPv4 addresses of TCP', { protocol: 'tcp', source: { address: '10.0.0.1' } }, []],
  ])('%s', (_name, fields, expected) => {
    const problems = ruleProblems(rule(fields));
    expect(problems.map(({ field }) => field)).toEqual(expected);
    for (const { problem } of problems) expect(problem.length).toBeLessThanOrEqual(LONGEST_PROBLEM);
  });
});

describe('what is wrong with a filter', () => {
  const filter = (fields: object) => ({ name: 'web', description: '', rules: [], ...fields });

  test('its rules, by their places', () => {
    const rules: FilterRule[] = [
      { action: 'include' },
      { action: 'include', source: { port: 'x' } },
      { action: 'exclude', vlan: 'x' },
    ];
    expect(filterProblems(filter({ rules })).map(({ field }) => field)).toEqual([
      'rules/1/source.port',
      'rules/2/vlan',
    ]);
  });

  test('too many rules, a description that cannot be printed', () => {
    const rules = Array.from({ length: 257 }, () => ({ action: 'include' as const }));
    expect(filterProblems(filter({ rules, description: 'a\nb' }))).toEqual([
      { field: 'description', problem: 'printable characters only' },
      { field: 'rules', problem: 'at most 256 rules' },
    ]);
    expect(filterProblems(filter({ rules: rules.slice(1) }))).toEqual([]);
  });

  test.each([
    ['web', null],
    ['Größe 1, nur für mich', null],
    ['x'.repeat(40), null],
    ['', 'a name is needed'],
    ['x'.repeat(41), 'at most 40 characters'],
    [' web', 'no blanks at its ends'],
    ['web\t', 'no blanks at its ends'],
    ['a\u0007b', 'printable characters only'],
    ['a\u2028b', 'printable characters only'],
    ['a\ud800b', 'printable characters only'],
  ])('the name %j', (name, expected) => {
    expect(nameProblem(name)).toBe(expected);
    const problems = filterProblems(filter({ name }));
    expect(problems).toEqual(expected === null ? [] : [{ field: 'name', problem: expected }]);
  });
});
