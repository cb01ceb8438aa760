/**
 * A capture expression as the operator wrote it, made into programs for every link type that packets may come with.
 * Done in the front, before capture begins: libpcap may ask a name server for the hosts in it.
 */
import { lookup } from 'node:dns/promises';
import { readFile } from 'node:fs/promises';
import { rewriteExpression } from '../../../filters/expression.ts';
import type { CompiledExpression } from '../../base/bpf-program.ts';
import { OperatorError } from '../../base/errors.ts';
import { compileExpression } from '../../native/libpcap.ts';
import { LINKTYPE } from '../../wire/numbers.ts';

/** `gateway HOST`, where HOST is neither a keyword nor part of a longer word. */
const GATEWAY = /\bgateway\s+([^\s()!&|]+)/;

/**
 * Compiles for every link type we decode. An expression must have sense on Ethernet; on another link type it may have
 * none (`ether host` on raw IP), and then no packet of that link type matches.
 * Rejects with OperatorError E_EXPRESSION (libpcap's words) or E_CAPTURE_UNAVAILABLE (no libpcap).
 */
export async function compileForAllLinkTypes(text: string, snaplen: number): Promise<CompiledExpression> {
  const expression = await replaceGateways(rewriteExpression(text));
  const ethernet = compileExpression(expression, LINKTYPE.ethernet, snaplen).instructions;
  const programs: CompiledExpression['programs'] = [
    { linkType: LINKTYPE.ethernet, instructions: ethernet, error: null },
  ];
  for (const linkType of Object.values(LINKTYPE)) {
    if (linkType === LINKTYPE.ethernet) continue;
    try {
      const { instructions } = compileExpression(expression, linkType, snaplen);
      programs.push({ linkType, instructions, error: null });
    } catch (error) {
      if (!(error instanceof OperatorError)) throw error;
      programs.push({ linkType, instructions: null, error: error.fields.cause });
    }
  }
  return { text, programs };
}

/**
 * libpcap knows `gateway` only where it finds the host's MAC address in /etc/ethers. We ask the neighbour table:
 * packets through a gateway carry its MAC address, but not its IP address (pcap-filter(7)).
 */
async function replaceGateways(expression: string): Promise<string> {
  let rest = expression;
  let done = '';
  for (let match = GATEWAY.exec(rest); match !== null; match = GATEWAY.exec(rest)) {
    const host = match[1];
    const mac = await macOfNeighbour(host, expression);
    done += `${rest.slice(0, match.index)}(ether host ${mac} and not host ${host})`;
    rest = rest.slice(match.index + match[0].length);
  }
  return done + rest;
}

/** MAC address of a host on the link, from /proc/net/arp (IPv4). */
async function macOfNeighbour(host: string, expression: string): Promise<string> {
  const refuse = (cause: string): OperatorError =>
    new OperatorError({
      code: 'E_EXPRESSION',
      operation: 'use capture expression',
      target: `"${expression}"`,
      cause,
      remedy: `write: ether host MAC and not host ${host}`,
    });
  const address = await lookup(host, { family: 4 }).catch(() => {
    throw refuse(`the gateway ${host} has no IPv4 address here`);
  });
  const table = await readFile('/proc/net/arp', 'utf8').catch(() => '');
  for (const line of table.split('\n').slice(1)) {
    const [ip, , , mac] = line.split(/\s+/);
    if (ip === address.address && mac !== '00:00:00:00:00:00') return mac;
  }
  throw refuse(`the neighbour table does not know the MAC address of gateway ${host}`);
}
