/** What the engine tells without being asked, and how it stands on the status line. */
import type { AlertFact } from '../src/alerts/alert.ts';
import { alertWords } from '../src/alerts/records.ts';
import { describeOperatorError, type OperatorErrorFields } from '../src/base/errors.ts';
import type { EngineFact } from '../src/engine/messages.ts';
import type { StatusMessage } from './kit/status-line.ts';

export type ScreenFact =
  | EngineFact
  | { type: 'engine-started' }
  | { type: 'engine-lost'; error: OperatorErrorFields }
  /** Addresses have names that they did not have before. */
  | { type: 'names-learned' };

/** "eth0 is gone", "eth0 is down: no carrier". */
function downWords(reason: string): string {
  return reason === 'down' || reason === 'gone' ? `is ${reason}` : `is down: ${reason}`;
}

function alertMessage(fact: AlertFact): StatusMessage | null {
  const words = alertWords(fact);
  // Whoever leaves a monitor knows that its alerts are over.
  if (fact.state === 'ended' && fact.cut !== undefined) return null;
  if (fact.state === 'ended') return { text: `alert over: ${words}`, style: 'status' };
  return { text: `alert: ${words}`, style: 'warning' };
}

/** The message of a fact, or null: it needs none. What the others say is seen by itself. */
export function factMessage(
  fact: Exclude<ScreenFact, { type: 'engine-started' | 'names-learned' }>,
): StatusMessage | null {
  switch (fact.type) {
    case 'interface-down':
      return { text: `${fact.interface} ${downWords(fact.reason)}; its data stays`, style: 'warning' };
    case 'interface-up':
      return { text: `${fact.interface} is up again; capture goes on`, style: 'status' };
    case 'capture-fallback':
      return { text: `capturing through libpcap: ${fact.reason}`, style: 'warning' };
    case 'capture-damaged':
      // The title line names the file: here is room for what is wrong with it.
      return { text: fact.error.cause, style: 'error' };
    case 'alert':
      return alertMessage(fact);
    case 'engine-lost':
    case 'capture-failed':
    case 'write-failed':
      return { text: describeOperatorError(fact.error), style: 'error' };
  }
}
