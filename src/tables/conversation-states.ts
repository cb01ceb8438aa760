/** How many conversations are in which state. Pure. */
import { type ConversationTable, STATE_MASK } from './conversation-table.ts';

/** Rows by CONVERSATION_STATE at this moment: one pass over the table. */
export function countStates(table: ConversationTable, now: number, tcpTimeout: number): number[] {
  const counts = new Array<number>(STATE_MASK + 1).fill(0);
  for (let row = 0; row < table.highWater; row++) {
    if (table.isLive(row)) counts[table.stateAt(row, now, tcpTimeout)]++;
  }
  return counts;
}
