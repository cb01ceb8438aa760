import { describe, expect, test } from 'vitest';
import type { FilterRule } from '../../filters/filter.ts';
import { BadRule, ruleProblems } from '../../filters/rule.ts';
import { normalRule, parseRuleText, ruleText } from '../../filters/rule-text.ts';
import { Random } from '../fuzz/random.ts';
import { randomRule } from '../support/filter-cases.ts';

/** The same rule in both forms. */
const BOTH: readonly (readonly [text: string, rule: FilterRule])[] = [
  ['include', { action: 'include' }],
  ['include tcp to any port 80,443', { action: 'include', protocol: 'tcp', destination: { port: '80,443' } }],
  ['exclude arp,rarp', { action: 'exclude', protocol: 'arp,rarp' }],
  [
    'include from 10.0.0.0/8 to any port 1-1023 on eth0,veth* incoming one-way',
    {
      action: 'include',
      source: { address: '10.0.0.0/8' },
      destination: { port: '1-1023' },
      interface: 'eth0,veth*',
      direction: 'in',
      ways: 'one',
    },
  ],
  ['include matching tcp[13] & 2 != 0', { action: 'include', expression: 'tcp[13] & 2 != 0' }],
  ['exclude own-session', { action: 'exclude', ownSession: true }],
  [
    'exclude udp from a.example,::1 port 1 mac 02:00:00:00:00:0a to 10.0.0.1 outgoing vlan any,none process sshd',
    {
      action: 'exclude',
      protocol: 'udp',
      source: { address: 'a.example,::1', port: '1', mac: '02:00:00:00:00:0a' },
      destination: { address: '10.0.0.1' },
      direction: 'out',
      vlan: 'any,none',
      process: 'sshd',
    },
  ],
  [
    String.raw`include from "to" on "Ethernet 2,on" process "say \"hi\" \\ now"`,
    {
      action: 'include',
      source: { address: 'to' },
      interface: 'Ethernet 2,on',
      process: 'say "hi" \\ now',
    },
  ],
];

describe('a rule as one line', () => {
  test.each(BOTH)('%s', (text, rule) => {
    expect(ruleText(rule)).toBe(text);
    expect(parseRuleText(text)).toEqual(rule);
  });

  test.each([
    ['include tcp port 22', 'include tcp to any port 22'],
    ['include port 22 from 10.0.0.1', 'include from 10.0.0.1 to any port 22'],
    ['include from 10.0.0.1 port 22 to 10.0.0.2', 'include from 10.0.0.1 port 22 to 10.0.0.2'],
    ['  include   46, 55 , 101-104   from 10.0.0.1 ,10.0.0.2', 'include 46,55,101-104 from 10.0.0.1,10.0.0.2'],
    [
      'include one-way vlan 5 on eth0 incoming to ::1 from ::2',
      'include from ::2 to ::1 on eth0 incoming vlan 5 one-way',
    ],
    ['include from mac 02:00:00:00:00:0a', 'include from any mac 02:00:00:00:00:0a'],
    ['include from port 5', 'include from any port 5'],
    ['include to any', 'include'],
    ['include matching   tcp\n  and port 5 ', 'include matching tcp and port 5'],
    ['include matching own-session', 'include matching own-session'],
  ])('%j is %s', (text, normal) => {
    expect(ruleText(parseRuleText(text))).toBe(normal);
    expect(parseRuleText(normal)).toEqual(parseRuleText(text));
  });

  test.each([
    ['', 'action', 'a rule begins with include or exclude'],
    ['allow tcp', 'action', 'a rule begins with include or exclude'],
    ['include tcp udp', '', 'udp is not expected here (from, to, on, vlan, …)'],
    ['include from', 'source', 'addresses, any, port or mac expected'],
    ['include to on eth0', 'destination', 'addresses, any, port or mac expected'],
    ['include vlan', 'vlan', 'vlan: a list is expected'],
    ['include vlan on eth0', 'vlan', 'vlan: a list is expected'],
    ['include vlan 1 vlan 2', 'vlan', 'vlan is there twice'],
    ['include from ::1 from ::2', 'source', 'source is there twice'],
    ['include incoming outgoing', 'direction', 'direction is there twice'],
    ['include port 1 to any port 2', 'destination.port', 'port is there twice'],
    ['include port 1 port 2', '', 'port is not expected here (from, to, on, vlan, …)'],
    ['include matching', 'expression', 'a capture expression is expected'],
    ['include own-session on eth0', '', 'on is not expected here (from, to, on, vlan, …)'],
    ['include tcp matching udp', '', 'matching is not expected here (from, to, on, vlan, …)'],
    ['include from 10.0.0', 'source.address', 'source address: 10.0.0 is no address'],
    ['include arp to any port 5', 'destination.port', 'destination port: that protocol has no ports'],
    ['include from ::1 to 10.0.0.1', 'destination.address', 'destination address: only IPv6 fits the other fields'],
    ['include process "a', 'process', 'a closing " is missing'],
    ['include "tcp', 'protocol', 'a closing " is missing'],
    ['include on "eth0"eth1', '', 'eth1 is not expected here (from, to, on, vlan, …)'],
  ])('%j is refused', (text, field, problem) => {
    const refusal = (): FilterRule => parseRuleText(text);
    expect(refusal).toThrow(BadRule);
    expect(refusal).toThrow(problem);
    expect(refusal).toThrow(expect.objectContaining({ field, message: problem }));
  });

  test('is read back as it was printed, for random rules', () => {
    let read = 0;
    for (let seed = 1; seed <= 2000; seed++) {
      const random = new Random(seed);
      const rule = withNames(randomRule(random), random);
      if (ruleProblems(rule).length > 0) continue;
      const text = ruleText(rule);
      expect(parseRuleText(text), `seed ${seed}: ${text}`).toEqual(normalRule(rule));
      expect(ruleText(parseRuleText(text))).toBe(text);
      read++;
    }
    expect(read).toBeGreaterThan(1000);
  });
});

/** Names that look like words of the line, or have blanks and quotes. */
function withNames(rule: FilterRule, random: Random): FilterRule {
  if (rule.expression !== undefined) return rule;
  const names = ['on', 'Web Content', '"', '\\', 'a\\"b', 'one-way', 'any', 'to, from', 'ü', 'port 5', '""'];
  const named = { ...rule };
  if (random.oneIn(3)) named.process = random.pick(names);
  if (random.oneIn(3)) named.interface = random.pick(names);
  if (random.oneIn(3)) named.source = { ...rule.source, address: random.pick(['to', 'on', 'mac', 'own-session']) };
  return named;
}
