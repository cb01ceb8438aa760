/**
 * What the engine says of conversations for the log (command "facts"), as plain values: the front reads the columns and
 * makes the text, so that the engine makes none.
 */

import {
  FACT_DOUBLE,
  FACT_DOUBLES,
  FACT_KINDS,
  FACT_WORD,
  FACT_WORDS,
  type FactKind,
  UNKNOWN,
} from '../../src/tables/connection-facts.ts';
import { VLAN_ID, VLAN_PRESENT } from '../../src/tables/conversation-order.ts';
import { GENERATION_SHIFT, ROW_DOUBLE, ROW_FLAG, ROW_WORD, STATE_MASK } from '../../src/tables/conversation-table.ts';
import { addressText, macText } from '../../src/wire/address.ts';
import { NETWORK } from '../../src/wire/decoded-batch.ts';
import { etherTypeName, hasPorts, IP_PROTOCOL, ipProtocolName } from '../../src/wire/numbers.ts';
import { CONVERSATION_STATES, type ConnectionFacts, type Endpoint, type IpTrafficRow } from './types.ts';

type Place = Pick<Endpoint, 'address' | 'port'>;

/** What the log says of a conversation, whether it goes on or is over; the sender of its first packet stands first. */
export type LoggedConversation = Pick<
  IpTrafficRow,
  | 'protocol'
  | 'ipProtocol'
  | 'etherType'
  | 'interface'
  | 'vlan'
  | 'packets'
  | 'ipBytes'
  | 'wireBytes'
  | 'state'
  | 'partial'
  | 'retransmissions'
  | 'firstSeen'
  | 'lastSeen'
> & { endpoints: [Place, Place] };

/** Something that happened to a conversation, with what it had carried then. */
export interface ConversationFact {
  kind: FactKind;
  /** Seconds since 1970. */
  time: number;
  conversation: LoggedConversation;
}

/** The facts of an answer, oldest first. */
export function* conversationFacts({ facts, interfaces }: ConnectionFacts): Generator<ConversationFact> {
  const words = new Uint32Array(facts.buffer, facts.byteOffset, facts.length * 2);
  for (let k = 0; k * FACT_DOUBLES < facts.length; k++) {
    yield {
      kind: FACT_KINDS[words[k * FACT_WORDS + ROW_WORD.flags] >>> GENERATION_SHIFT],
      time: facts[k * FACT_DOUBLES + FACT_DOUBLE.time],
      conversation: conversationOf(words, k * FACT_WORDS, facts, k * FACT_DOUBLES, interfaces),
    };
  }
}

/** The conversation of the fact at words[word…], doubles[double…]. */
function conversationOf(
  words: Uint32Array,
  word: number,
  doubles: Float64Array,
  double: number,
  interfaces: Record<number, string>,
): LoggedConversation {
  const flags = words[word + ROW_WORD.flags];
  const place = words[word + ROW_WORD.place];
  const ports = words[word + ROW_WORD.ports];
  const slot = words[word + ROW_WORD.interfaceSlot];
  const isIp = place >>> 24 !== NETWORK.other;
  const ipProtocol = (place >>> 16) & 0xff;
  const isTcp = isIp && ipProtocol === IP_PROTOCOL.tcp;
  const vlan = place & 0xffff;
  const first = (flags & ROW_FLAG.endpoint1First) === 0 ? 0 : 1;
  const counts = (at: number): [number, number] => [doubles[double + at + first], doubles[double + at + 1 - first]];
  const withPorts = isIp && hasPorts(ipProtocol);
  const endpoint = (side: number): Place => ({
    address: isIp
      ? addressText(words, word + side * 4)
      : macText(words[word + side * 4 + 2], words[word + side * 4 + 3]),
    port: !withPorts ? null : side === 0 ? ports >>> 16 : ports & 0xffff,
  });
  const again = word + FACT_WORD.retransmissions;
  return {
    protocol: isIp ? ipProtocolName(ipProtocol) : etherTypeName(ports),
    ipProtocol: isIp ? ipProtocol : null,
    etherType: isIp ? null : ports,
    interface: interfaces[slot] ?? `#${slot}`,
    vlan: (vlan & VLAN_PRESENT) === 0 ? null : vlan & VLAN_ID,
    endpoints: [endpoint(first), endpoint(1 - first)],
    packets: counts(ROW_DOUBLE.packets),
    ipBytes: counts(ROW_DOUBLE.ipBytes),
    wireBytes: counts(ROW_DOUBLE.wireBytes),
    state: CONVERSATION_STATES[flags & STATE_MASK],
    partial: isTcp ? (flags & ROW_FLAG.partial) !== 0 : null,
    retransmissions: !isTcp || words[again] === UNKNOWN ? null : [words[again + first], words[again + 1 - first]],
    firstSeen: doubles[double + FACT_DOUBLE.firstSeen],
    lastSeen: doubles[double + ROW_DOUBLE.lastSeen],
  };
}
