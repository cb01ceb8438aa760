/** What the engine tells without being asked, and how it stands on the status line. */
import { describeOperatorError, type OperatorErrorFields } from '../src/base/errors.ts';
import type { CaptureFact } from '../src/capture/capture-source.ts';
import type { StatusMessage } from './kit/status-line.ts';

export type EngineFact = CaptureFact | { type: 'engine-started' } | { type: 'engine-lost'; error: OperatorErrorFields };

/** "eth0 is gone", "eth0 is down: no carrier". */
function downWords(reason: string): string {
  return reason === 'down' || reason === 'gone' ? `is ${reason}` : `is down: ${reason}`;
}

/** The message of a fact; that an engine has started needs none. */
export function factMessage(fact: Exclude<EngineFact, { type: 'engine-started' }>): StatusMessage {
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
    case 'engine-lost':
    case 'capture-failed':
    case 'write-failed':
      return { text: describeOperatorError(fact.error), style: 'error' };
  }
}
