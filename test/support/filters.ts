/** Filters for tests: made ready without a network (no host names, no processes), expressions compiled for every link type. */
import { type FilterEndpoint, type FilterRule, unmatchedOf } from '../../filters/filter.ts';
import type { PreparedEndpoint, PreparedFilter, PreparedNetwork, PreparedRule } from '../../filters/prepared.ts';
import {
  parseAddresses,
  parseInterfaces,
  parseMacs,
  parsePorts,
  parseProtocols,
  parseVlans,
} from '../../filters/rule.ts';
import { parseRuleText } from '../../filters/rule-text.ts';
import type { CompiledExpression } from '../../src/base/bpf-program.ts';
import { compileExpression } from '../../src/native/libpcap.ts';
import { LINKTYPE } from '../../src/wire/numbers.ts';

export function preparedNetworks(list: string): PreparedNetwork[] {
  return parseAddresses(list).map((item) => {
    if ('host' in item) throw new Error(`${item.host} is a name`);
    return item;
  });
}

function preparedEndpoint({ address, mac, port }: FilterEndpoint = {}): PreparedEndpoint {
  return {
    networks: address === undefined ? null : preparedNetworks(address),
    macs: mac === undefined ? null : parseMacs(mac),
    ports: port === undefined ? null : parsePorts(port),
  };
}

const compiled = new Map<string, CompiledExpression>();

/** As the front compiles an expression, once; where it has no sense on a link, no packet of that link matches. */
export function compiledExpression(text: string): CompiledExpression {
  const known = compiled.get(text);
  if (known !== undefined) return known;
  const programs = Object.values(LINKTYPE).map((linkType) => {
    try {
      return { linkType, instructions: compileExpression(text, linkType, 262_144).instructions, error: null };
    } catch (error) {
      return { linkType, instructions: null, error: String(error) };
    }
  });
  compiled.set(text, { text, programs });
  return { text, programs };
}

export function preparedRule(rule: FilterRule): PreparedRule {
  const { protocol, vlan, direction, expression } = rule;
  return {
    include: rule.action === 'include',
    source: preparedEndpoint(rule.source),
    destination: preparedEndpoint(rule.destination),
    protocols: protocol === undefined ? null : parseProtocols(protocol),
    interfaces: rule.interface === undefined ? null : parseInterfaces(rule.interface),
    direction: direction ?? null,
    vlans: vlan === undefined ? null : parseVlans(vlan),
    bothWays: rule.ways !== 'one',
    expression: expression === undefined ? null : compiledExpression(expression),
  };
}

/** A filter of rules, given as such or as lines of text. */
export function preparedFilter(rules: readonly (FilterRule | string)[], local: readonly string[] = []): PreparedFilter {
  const read = rules.map((rule) => (typeof rule === 'string' ? parseRuleText(rule) : rule));
  return {
    text: 'test',
    rules: read.map(preparedRule),
    unmatched: unmatchedOf({ rules: read }),
    local: local.flatMap(preparedNetworks),
  };
}
