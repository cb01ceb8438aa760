/**
 * Reads a line of a JSON log (--log-format json). null: damaged, or no line of such a log. Times are cut to seconds as
 * lines of text have them, so that both forms of a log give the same report. Pure.
 */
import type { ConversationEntry, Ending, Entry, Losses, SumEntry } from './entry.ts';

type Facts = Record<string, unknown>;

const ENDINGS: Readonly<Record<string, Ending>> = {
  closed: 'closed',
  reset: 'reset',
  'timed-out': 'timed-out',
};

export function parseJsonLine(line: string): Entry | null {
  const record = parsed(line);
  if (record === null || typeof record.event !== 'string' || typeof record.time !== 'string') return null;
  const time = Math.floor(Date.parse(record.time) / 1000);
  return Number.isNaN(time) ? null : entryOf(record, record.event, time);
}

function parsed(line: string): Facts | null {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Facts) : null;
  } catch {
    return null;
  }
}

function entryOf(record: Facts, event: string, time: number): Entry | null {
  const ending = event === 'active' && record.final === true ? 'open' : ENDINGS[event];
  if (ending !== undefined) return conversation(record, ending, time);
  switch (event) {
    case 'started':
      return { kind: record.monitor === null ? 'started' : 'other', time };
    case 'stopped':
      return record.packets === undefined ? { kind: 'other', time } : sum(record, 'stopped', time);
    case 'interval':
      if (record.block === 'hour') return sum(record, 'hour', time);
      if (record.seconds !== undefined) return sum(record, 'interval', time);
      return record.capture === undefined ? { kind: 'other', time } : block(record, time);
    case 'alert-started':
      return alert(record, 'started', time);
    case 'alert-ended':
      return alert(record, 'ended', time);
    case 'lost':
      return record.target === 'syslog' ? { kind: 'other', time } : lost(record, time);
    case 'error':
      return typeof record.message === 'string' ? { kind: 'error', time, text: `error: ${record.message}` } : null;
    default:
      return { kind: 'other', time };
  }
}

function conversation(record: Facts, ending: Ending, time: number): Entry | null {
  const { protocol, endpoints, packets, vlan, conversations = 1 } = record;
  const bytes = record.ipProtocol === null ? record.wireBytes : record.ipBytes;
  if (typeof protocol !== 'string' || !isPair(packets) || !isPair(bytes) || !isCount(conversations)) return null;
  const [from, to] = Array.isArray(endpoints) ? endpoints.map(place) : [];
  if (typeof record.interface !== 'string' || from == null || to == null) return null;
  const name = typeof vlan === 'number' ? `${record.interface}.${vlan}` : record.interface;
  const entry: ConversationEntry = {
    kind: 'conversation',
    time,
    ending,
    interface: name,
    protocol,
    from,
    to,
    packets,
    bytes,
    conversations,
  };
  return entry;
}

function place(endpoint: unknown): string | null {
  const { address, port } = (endpoint ?? {}) as Facts;
  if (typeof address !== 'string') return null;
  if (port === null || port === undefined) return address;
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

function sum(record: Facts, which: SumEntry['block'], time: number): Entry | null {
  const { packets, seconds } = record;
  // Where IP bytes are not known (-u), those of frames.
  const bytes = record.ipBytes ?? record.wireBytes;
  if (!isCount(packets) || !isCount(bytes) || !isCount(seconds)) return null;
  const losses = lossesOf(record);
  const span = Math.round(seconds);
  return { kind: 'sum', block: which, time, ...watched(record), seconds: span, packets, bytes, losses };
}

function block(record: Facts, time: number): Entry | null {
  const losses = lossesOf((record.capture ?? {}) as Facts);
  const seconds = record.elapsedSeconds;
  if (!isCount(seconds)) return null;
  return { kind: 'block', time, ...watched(record), seconds: Math.round(seconds), losses };
}

function watched({ monitor, interface: name }: Facts): { monitor: string; interface: string } {
  return { monitor: String(monitor ?? ''), interface: String(name ?? '') };
}

function lossesOf({ droppedByKernel, droppedByInterface, malformed }: Facts): Losses {
  const known = (value: unknown): number | null => (isCount(value) ? value : null);
  return {
    droppedByKernel: known(droppedByKernel),
    droppedByInterface: known(droppedByInterface),
    malformed: known(malformed),
  };
}

function alert({ alert: text, subject }: Facts, state: 'started' | 'ended', time: number): Entry | null {
  if (typeof text !== 'string') return null;
  return { kind: 'alert', time, state, alert: text, subject: String(subject ?? '') };
}

function lost({ lines, records }: Facts, time: number): Entry | null {
  const count = lines ?? records;
  return isCount(count) ? { kind: 'lost', time, lines: count } : null;
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && Number.isFinite(value);
}

function isPair(value: unknown): value is [number, number] {
  return Array.isArray(value) && value.length === 2 && value.every(isCount);
}
