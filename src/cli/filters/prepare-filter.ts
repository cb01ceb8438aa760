/**
 * A filter made ready to be applied: host names resolved, expressions compiled, the operator's own ssh session put in.
 * What cannot be decided on these packets is refused with the reason, never ignored. Done in the front: the engine
 * resolves no name.
 */
import { lookup } from 'node:dns/promises';
import { isExpressionFilter } from '../../../filters/expression-filter.ts';
import { type Filter, type FilterEndpoint, type FilterRule, unmatchedOf } from '../../../filters/filter.ts';
import type { PreparedEndpoint, PreparedFilter, PreparedNetwork, PreparedRule } from '../../../filters/prepared.ts';
import {
  filterProblems,
  parseAddresses,
  parseInterfaces,
  parseMacs,
  parsePorts,
  parseProtocols,
  parseVlans,
} from '../../../filters/rule.ts';
import { normalRule } from '../../../filters/rule-text.ts';
import type { CompiledExpression } from '../../base/bpf-program.ts';
import { OperatorError } from '../../base/errors.ts';
import { parseAddress } from '../../wire/address.ts';
import { IP_PROTOCOL } from '../../wire/numbers.ts';
import { type OwnSession, ownSession, type SessionEndpoint } from './own-session.ts';

export interface PrepareContext {
  /** false: packets do not tell whether they come in or go out (files, libpcap on one interface). */
  tellsDirection: boolean;
  /** false: packets do not tell which interface they came by (libpcap on all of them). */
  tellsInterface: boolean;
  /** Networks that are ours (--local). */
  local: readonly PreparedNetwork[];
  /** Bytes kept of each packet. */
  snaplen: number;
  /** Addresses of a host as text, all families; rejects where there are none. */
  resolve?: (host: string) => Promise<string[]>;
  compile?: (expression: string, snaplen: number) => Promise<CompiledExpression>;
  session?: () => OwnSession | null;
}

export interface Prepared {
  prepared: PreparedFilter;
  /** One line each: the filter is applied all the same. */
  warnings: string[];
}

const NOBODY = 'nobody is logged in by ssh here, as far as the processes above this one tell';

/**
 * Rejects with an OperatorError: "cannot apply filter NAME: rule 2: …" (E_FILTER); of an expression that is all there is,
 * what is wrong with the expression (E_EXPRESSION).
 */
export async function prepareFilter(filter: Filter, context: PrepareContext): Promise<Prepared> {
  if (isExpressionFilter(filter)) return prepareExpression(filter.name, context);
  refuseProblems(filter);
  const warnings: string[] = [];
  const rules: PreparedRule[] = [];
  for (const [index, rule] of filter.rules.entries()) {
    const refuse = (cause: string, remedy?: string): OperatorError =>
      refusal(filter.name, `rule ${index + 1}: ${cause}`, remedy);
    const prepared = await prepareRule(rule, context, refuse);
    if (rule.ownSession === true && matchesNothing(prepared)) {
      warnings.push(`filter ${filter.name}: rule ${index + 1} matches nothing: ${NOBODY}`);
    }
    rules.push(prepared);
  }
  return { prepared: { text: filter.name, rules, unmatched: unmatchedOf(filter), local: context.local }, warnings };
}

async function prepareExpression(text: string, context: PrepareContext): Promise<Prepared> {
  const { snaplen, compile = compileExpression } = context;
  const rule: PreparedRule = { ...ANY_PACKET, include: true, expression: await compile(text, snaplen) };
  return { prepared: { text, rules: [rule], unmatched: 'drop', local: context.local }, warnings: [] };
}

/** The same filter (null: none) behind a rule that excludes the session. */
export function withoutSession(
  base: PreparedFilter | null,
  session: OwnSession,
  context: PrepareContext,
): PreparedFilter {
  const rules = [sessionRule(false, session), ...(base?.rules ?? [])];
  const text = base === null ? 'without my ssh' : `${base.text}, without my ssh`;
  return { text, rules, unmatched: base?.unmatched ?? 'keep', local: context.local };
}

/** The session to leave out, or an OperatorError (E_FILTER) that says why there is none. */
export function requireSession({ session = ownSession }: Pick<PrepareContext, 'session'>): OwnSession {
  const found = session();
  if (found !== null) return found;
  throw new OperatorError({
    code: 'E_FILTER',
    operation: 'leave out',
    target: 'my ssh session',
    cause: NOBODY,
    remedy: 'a filter can exclude its address and port',
  });
}

function refusal(name: string, cause: string, remedy?: string): OperatorError {
  return new OperatorError({ code: 'E_FILTER', operation: 'apply filter', target: name, cause, remedy });
}

/** A list that the operator has not saved yet can be applied too: it was not checked by the store. */
function refuseProblems(filter: Filter): void {
  const problems = filterProblems(filter).map(({ field, problem }) => `${fieldWords(field)}: ${problem}`);
  if (problems.length > 0) throw refusal(filter.name, problems.join('; '));
}

/** "rules/2/source.port" as "rule 3, source port". */
function fieldWords(field: string): string {
  const [, index, name] = /^rules\/(\d+)\/?(.*)$/.exec(field) ?? [];
  if (index === undefined) return field;
  return `rule ${Number(index) + 1}${name === '' ? '' : `, ${name.replaceAll('.', ' ')}`}`;
}

type Refuse = (cause: string, remedy?: string) => OperatorError;

async function prepareRule(written: FilterRule, context: PrepareContext, refuse: Refuse): Promise<PreparedRule> {
  const rule = normalRule(written);
  const include = rule.action === 'include';
  if (rule.ownSession === true) return sessionRule(include, (context.session ?? ownSession)());
  if (rule.expression !== undefined) return expressionRule(include, rule.expression, context, refuse);
  if (rule.process !== undefined) throw refuse('process names are not known here');
  const { direction = null } = rule;
  if (direction !== null && !context.tellsDirection && context.local.length === 0) {
    throw refuse('these packets tell no direction', 'say --local NET');
  }
  if (rule.interface !== undefined && !context.tellsInterface) {
    throw refuse('these packets tell no interface', 'watch one by its name');
  }
  return {
    ...ANY_PACKET,
    include,
    source: await prepareEndpoint(rule.source, context, refuse),
    destination: await prepareEndpoint(rule.destination, context, refuse),
    protocols: rule.protocol === undefined ? null : parseProtocols(rule.protocol),
    interfaces: rule.interface === undefined ? null : parseInterfaces(rule.interface),
    direction,
    vlans: rule.vlan === undefined ? null : parseVlans(rule.vlan),
    bothWays: rule.ways !== 'one',
  };
}

const ANYONE: PreparedEndpoint = { networks: null, macs: null, ports: null };

const ANY_PACKET: Omit<PreparedRule, 'include'> = {
  source: ANYONE,
  destination: ANYONE,
  protocols: null,
  interfaces: null,
  direction: null,
  vlans: null,
  bothWays: false,
  expression: null,
};

async function prepareEndpoint(
  endpoint: FilterEndpoint | undefined,
  context: PrepareContext,
  refuse: Refuse,
): Promise<PreparedEndpoint> {
  const { address, mac, port } = endpoint ?? {};
  return {
    networks: address === undefined ? null : await prepareNetworks(address, context, refuse),
    macs: mac === undefined ? null : parseMacs(mac),
    ports: port === undefined ? null : parsePorts(port),
  };
}

async function prepareNetworks(
  text: string,
  { resolve = allAddresses }: PrepareContext,
  refuse: Refuse,
): Promise<PreparedNetwork[]> {
  const networks: PreparedNetwork[] = [];
  for (const item of parseAddresses(text)) {
    if (!('host' in item)) {
      networks.push(item);
      continue;
    }
    const found = await resolve(item.host).catch((error: Error) => {
      throw refuse(`the host name ${item.host} cannot be resolved (${lookupCause(error)})`, 'write its address');
    });
    for (const address of found) networks.push(hostNetwork(address));
  }
  return networks;
}

async function allAddresses(host: string): Promise<string[]> {
  const found = await lookup(host, { all: true });
  return found.map(({ address }) => address.replace(/%.*/, ''));
}

/** "getaddrinfo ENOTFOUND nowhere.example" without what stands in the message already. */
function lookupCause(error: Error): string {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'ENOTFOUND') return 'there is no such name';
  return code === 'EAI_AGAIN' ? 'the name server does not answer' : error.message;
}

const ALL_ONES = 0xffff_ffff;

/** A single address; v4-mapped ones are IPv4. */
function singleNetwork(words: Uint32Array): PreparedNetwork {
  const isIpv4 = words[0] === 0 && words[1] === 0 && words[2] === 0xffff;
  return { family: isIpv4 ? 4 : 6, words, mask: new Uint32Array(4).fill(ALL_ONES) };
}

function hostNetwork(address: string): PreparedNetwork {
  const words = parseAddress(address);
  if (words === null) throw new Error(`the resolver answered ${address}`);
  return singleNetwork(words);
}

async function expressionRule(
  include: boolean,
  text: string,
  { snaplen, compile = compileExpression }: PrepareContext,
  refuse: Refuse,
): Promise<PreparedRule> {
  try {
    return { ...ANY_PACKET, include, expression: await compile(text, snaplen) };
  } catch (error) {
    if (!(error instanceof OperatorError)) throw error;
    const { cause, remedy } = error.fields;
    throw refuse(cause, remedy);
  }
}

/** libpcap is loaded only when there is something to compile. */
async function compileExpression(text: string, snaplen: number): Promise<CompiledExpression> {
  const { compileForAllLinkTypes } = await import('./compile-expression.ts');
  return compileForAllLinkTypes(text, snaplen);
}

/** null: the rule matches nothing. */
function sessionRule(include: boolean, session: OwnSession | null): PreparedRule {
  return {
    ...ANY_PACKET,
    include,
    protocols: { ip: [[IP_PROTOCOL.tcp, IP_PROTOCOL.tcp]], networks: [], etherTypes: [] },
    source: sessionEndpoint(session?.client),
    destination: sessionEndpoint(session?.server),
    bothWays: true,
  };
}

function sessionEndpoint(endpoint: SessionEndpoint | undefined): PreparedEndpoint {
  if (endpoint === undefined) return { ...ANYONE, networks: [] };
  const { address, port } = endpoint;
  return { networks: [singleNetwork(address)], macs: null, ports: [[port, port]] };
}

function matchesNothing({ source }: PreparedRule): boolean {
  return source.networks?.length === 0;
}
