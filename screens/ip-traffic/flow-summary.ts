/**
 * Short conversations summed up (--log-flows SECONDS): a resolver or a monitoring system begins thousands of them a
 * minute, and a record for each says less than one sum for all between the same two hosts. Short is what is over having
 * lasted less than SECONDS; a sum is that of one window of SECONDS, or of less when there are too many to tell apart.
 *
 * Told apart are: how they ended, protocol, interface, VLAN, client, server, and the server's port. The server's is the
 * lower port; of two equal ones, that of the receiver of the first packet. Pure; nothing is left out and nothing counted
 * twice: the sums say what the single records would have said.
 */
import type { FactKind } from '../../src/tables/connection-facts.ts';
import { IP_PROTOCOL } from '../../src/wire/numbers.ts';
import type { ConversationFact, LoggedConversation } from './facts.ts';

/** Sums that are kept at most (about 30 MB); then the window ends early. */
export const MAXIMUM_FLOWS = 50_000;

export interface FlowSum {
  kind: FactKind;
  conversations: number;
  /** What they carried together, the client first; its port is unknown, they had many. */
  conversation: LoggedConversation;
}

export class FlowSummary {
  readonly #seconds: number;
  #sums = new Map<string, FlowSum>();
  /** When the window began; null: with the next conversation. */
  #began: number | null = null;

  constructor(seconds: number) {
    this.#seconds = seconds;
  }

  /** Takes in a conversation that is over; false: it is not one that is summed up. `now`: seconds, of any clock. */
  add(fact: ConversationFact, now: number): boolean {
    const { conversation } = fact;
    const lasted = conversation.lastSeen - conversation.firstSeen;
    if (conversation.ipProtocol === IP_PROTOCOL.tcp || lasted >= this.#seconds) return false;
    this.#began ??= now;
    const seen = fromClient(conversation);
    const key = keyOf(fact.kind, seen);
    const sum = this.#sums.get(key);
    if (sum === undefined) this.#sums.set(key, { kind: fact.kind, conversations: 1, conversation: seen });
    else addTo(sum, seen);
    return true;
  }

  /** The clock was set by so many seconds. */
  move(by: number): void {
    if (this.#began !== null) this.#began += by;
  }

  /** The window is over. */
  isDue(now: number): boolean {
    if (this.#began === null) return false;
    return now - this.#began >= this.#seconds || this.#sums.size >= MAXIMUM_FLOWS;
  }

  /** Ends the window: its sums, in the order in which their first conversations ended, and how long it was. */
  take(now: number): { seconds: number; sums: FlowSum[] } {
    const sums = [...this.#sums.values()];
    const seconds = this.#began === null ? 0 : Math.max(0, now - this.#began);
    this.#sums = new Map();
    this.#began = null;
    return { seconds, sums };
  }
}

/** A copy with the client first and its port unknown. */
function fromClient(conversation: LoggedConversation): LoggedConversation {
  const [from, to] = conversation.endpoints;
  const isTurned = from.port !== null && to.port !== null && from.port < to.port;
  const turned = <T>([first, second]: readonly [T, T]): [T, T] => (isTurned ? [second, first] : [first, second]);
  const [client, server] = turned(conversation.endpoints);
  return {
    ...conversation,
    endpoints: [{ ...client, port: null }, server],
    packets: turned(conversation.packets),
    ipBytes: turned(conversation.ipBytes),
    wireBytes: turned(conversation.wireBytes),
  };
}

function keyOf(kind: FactKind, { protocol, interface: name, vlan, endpoints }: LoggedConversation): string {
  const [client, server] = endpoints;
  return `${kind} ${protocol} ${vlan} ${client.address} ${server.address} ${server.port} ${name}`;
}

function addTo(sum: FlowSum, { packets, ipBytes, wireBytes, firstSeen, lastSeen }: LoggedConversation): void {
  const whole = sum.conversation;
  sum.conversations++;
  for (const side of [0, 1] as const) {
    whole.packets[side] += packets[side];
    whole.ipBytes[side] += ipBytes[side];
    whole.wireBytes[side] += wireBytes[side];
  }
  whole.firstSeen = Math.min(whole.firstSeen, firstSeen);
  whole.lastSeen = Math.max(whole.lastSeen, lastSeen);
}
