/** The fields of the rule form, with their help; a rule as field texts and back. */
import type { FilterEndpoint, FilterRule } from '../../filters/filter.ts';
import { ruleProblems } from '../../filters/rule.ts';
import { normalRule } from '../../filters/rule-text.ts';
import type { FormField } from '../kit/form.ts';

type FieldSpec = Omit<FormField, 'value'> & { id: string; help: string };

function endpointFields(side: 'source' | 'destination', label: string): FieldSpec[] {
  const address =
    'Addresses, networks, masks and host names, separated by commas: 10.0.0.0/8,fe80::/10,www.example.org. Empty: any.';
  const port = 'Ports and ranges: 80,443,8000-8100. Packets without ports do not match then. Empty: any.';
  const mac = 'MAC addresses: 02:11:22:33:44:55; ff:ff:ff:ff:ff:ff is everyone (broadcast). Empty: any.';
  return [
    { id: `${side}.address`, label: `${label} address`, help: address, separated: true },
    { id: `${side}.port`, label: `${label} port`, help: port },
    { id: `${side}.mac`, label: `${label} MAC`, help: mac },
  ];
}

const FIELDS: readonly FieldSpec[] = [
  {
    id: 'action',
    label: 'Action',
    choices: ['include', 'exclude'],
    help: 'include: packets that match are counted; exclude: they are dropped. The first rule that matches decides. Space turns.',
  },
  {
    id: 'protocol',
    label: 'Protocol',
    help: 'By name or number, with ranges: tcp,udp,icmp,101-104; also ip, ipv6, non-ip, arp, 0x88cc (an EtherType). Empty: every packet.',
  },
  ...endpointFields('source', 'Source'),
  ...endpointFields('destination', 'Destination'),
  {
    id: 'ways',
    label: 'Ways',
    choices: ['both', 'one'],
    help: 'both: also with source and destination exchanged, so that answers match too; one: only as it stands. Space turns.',
    separated: true,
  },
  {
    id: 'interface',
    label: 'Interface',
    help: 'Interfaces by name or pattern: eth0,veth*. Empty: all that are captured on.',
    separated: true,
  },
  {
    id: 'direction',
    label: 'Direction',
    choices: ['any', 'in', 'out'],
    help: 'in: received by this machine; out: sent by it. In capture files --local says which addresses are ours. Space turns.',
  },
  {
    id: 'vlan',
    label: 'VLAN',
    help: 'Numbers and ranges of the outermost tag: 10,100-199; any: tagged at all; none: not tagged. Empty: all.',
  },
  { id: 'process', label: 'Process', help: 'Names or patterns of programs: sshd,chrom*. Empty: all.' },
  {
    id: 'expression',
    label: 'Expression',
    help: 'In place of all fields above: a capture expression as tcpdump takes it, such as tcp[13] & 2 != 0.',
    separated: true,
  },
  {
    id: 'ownSession',
    label: 'Own session',
    choices: ['no', 'yes'],
    help: 'In place of all fields above: the ssh session that you are logged in by, also through sudo. Space turns.',
  },
];

/** The fields of a rule with their texts. */
export function ruleFields(rule: FilterRule): FormField[] {
  const texts = ruleTexts(rule);
  return FIELDS.map((field): FormField => ({ ...field, value: texts[field.id] ?? '' }));
}

function ruleTexts(rule: FilterRule): Record<string, string | undefined> {
  const { source, destination, ways = 'both', direction = 'any', ownSession, ...rest } = rule;
  return {
    ...rest,
    ...endpointTexts('source', source),
    ...endpointTexts('destination', destination),
    ways,
    direction,
    ownSession: ownSession ? 'yes' : 'no',
  };
}

function endpointTexts(side: string, endpoint: FilterEndpoint = {}): Record<string, string | undefined> {
  const { address, port, mac } = endpoint;
  return { [`${side}.address`]: address, [`${side}.port`]: port, [`${side}.mac`]: mac };
}

/** The rule of field texts, in its normal form: what is empty is absent. */
export function ruleOf(texts: Readonly<Record<string, string>>): FilterRule {
  const endpoint = (side: string): FilterEndpoint => ({
    address: texts[`${side}.address`],
    port: texts[`${side}.port`],
    mac: texts[`${side}.mac`],
  });
  const { action, protocol, interface: interfaces, direction, vlan, process, ways, expression } = texts;
  return normalRule({
    action: action === 'exclude' ? 'exclude' : 'include',
    source: endpoint('source'),
    destination: endpoint('destination'),
    protocol,
    interface: interfaces,
    direction: direction === 'in' || direction === 'out' ? direction : undefined,
    vlan,
    process,
    ways: ways === 'one' ? 'one' : undefined,
    expression,
    ownSession: texts.ownSession === 'yes' ? true : undefined,
  });
}

/** What is wrong with the rule of field texts, by field. */
export function fieldProblems(texts: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(ruleProblems(ruleOf(texts)).map(({ field, problem }) => [field, problem]));
}
