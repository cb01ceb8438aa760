/** Answers of the IP traffic monitor's command "facts", made from plain values. */
import type { ConversationFact } from '../../screens/ip-traffic/facts.ts';
import { CONVERSATION_STATES, type ConnectionFacts } from '../../screens/ip-traffic/types.ts';
import {
  FACT_DOUBLE,
  FACT_DOUBLES,
  FACT_KINDS,
  FACT_WORD,
  FACT_WORDS,
  UNKNOWN,
} from '../../src/tables/connection-facts.ts';
import { GENERATION_SHIFT, ROW_DOUBLE, ROW_FLAG, ROW_WORD } from '../../src/tables/conversation-table.ts';
import { parseAddress } from '../../src/wire/address.ts';
import { NETWORK } from '../../src/wire/decoded-batch.ts';

/** Of IP conversations; the first endpoint is endpoint 0. */
export function factsAnswer(
  facts: readonly ConversationFact[],
  changes: Partial<ConnectionFacts> = {},
): ConnectionFacts {
  const doubles = new Float64Array(facts.length * FACT_DOUBLES);
  const words = new Uint32Array(doubles.buffer);
  const interfaces: Record<number, string> = {};
  for (const [k, fact] of facts.entries()) {
    writeWords(words.subarray(k * FACT_WORDS), fact, k);
    writeDoubles(doubles.subarray(k * FACT_DOUBLES), fact);
    interfaces[k] = fact.conversation.interface;
  }
  return {
    time: facts.at(-1)?.time ?? 0,
    clockSet: 0,
    facts: doubles,
    interfaces,
    more: false,
    lost: 0,
    sums: null,
    ...changes,
  };
}

function writeWords(words: Uint32Array, { kind, conversation }: ConversationFact, slot: number): void {
  const { endpoints, ipProtocol, vlan, partial, state, retransmissions } = conversation;
  for (const [side, { address }] of endpoints.entries()) words.set(parseAddress(address) as Uint32Array, side * 4);
  const network = endpoints[0].address.includes(':') ? NETWORK.ipv6 : NETWORK.ipv4;
  words[ROW_WORD.ports] = ((endpoints[0].port ?? 0) << 16) | (endpoints[1].port ?? 0);
  words[ROW_WORD.place] = (network << 24) | ((ipProtocol ?? 0) << 16) | (vlan === null ? 0 : 0x1000 | vlan);
  words[ROW_WORD.interfaceSlot] = slot;
  const flags = (partial ? ROW_FLAG.partial : 0) | CONVERSATION_STATES.indexOf(state);
  words[ROW_WORD.flags] = flags | (FACT_KINDS.indexOf(kind) << GENERATION_SHIFT);
  words.set(retransmissions ?? [UNKNOWN, UNKNOWN], FACT_WORD.retransmissions);
}

function writeDoubles(doubles: Float64Array, { time, conversation }: ConversationFact): void {
  const { packets, ipBytes, wireBytes, firstSeen, lastSeen } = conversation;
  doubles.set(packets, ROW_DOUBLE.packets);
  doubles.set(ipBytes, ROW_DOUBLE.ipBytes);
  doubles.set(wireBytes, ROW_DOUBLE.wireBytes);
  doubles[ROW_DOUBLE.lastSeen] = lastSeen;
  doubles[FACT_DOUBLE.firstSeen] = firstSeen;
  doubles[FACT_DOUBLE.time] = time;
}
