/** The log of one engine's monitors: in which order it asks, and what becomes of an engine or a disk that fails. */
import { describe, expect, it, vi } from 'vitest';
import type { ConnectionFacts } from '../../screens/ip-traffic/types.ts';
import type { WatchReceiver } from '../../src/engine/engine-client.ts';
import type { Snapshot } from '../../src/engine/messages.ts';
import type { MonitorName, Query } from '../../src/engine/monitor.ts';
import { EngineLog, type EngineLogParts } from '../../src/logs/engine-log.ts';
import type { BlockKind, ConnectionsLog, MonitorLog } from '../../src/logs/monitor-log.ts';
import type { LogRecord } from '../../src/logs/record.ts';

const QUERY: Query = { sort: null, descending: false, offset: 0, limit: 0, follow: null, options: {} };

function record(monitor: MonitorName, text: string): LogRecord {
  return { time: 0, event: 'interval', monitor, interface: 'eth0', fields: [text], facts: {} };
}

/** A monitor whose records say what was asked. */
function statistics(monitor: MonitorName): MonitorLog {
  return {
    monitor,
    label: monitor.toUpperCase(),
    query: (kind) => (kind === 'hour' ? null : QUERY),
    begin: (kind) => [record(monitor, `begin ${kind}`)],
    rows: (rows) => rows.map((row) => record(monitor, `row ${row}`)),
    end: () => [record(monitor, 'end')],
  };
}

function connections(): ConnectionsLog {
  return {
    ...statistics('ip-traffic'),
    connections: (answer) => [record('ip-traffic', `event ${answer.time}`)],
  };
}

/** An engine that answers `facts` (their times; more follow while any are left) and two slices of rows. */
class FakeEngine {
  facts: number[] = [];
  asked: string[] = [];
  fails: Error | null = null;

  async command(monitor: MonitorName, command: string, how: Record<string, unknown>): Promise<ConnectionFacts> {
    if (this.fails !== null) throw this.fails;
    this.asked.push(`${monitor} ${command} ${JSON.stringify(how)}`);
    const time = this.facts.shift() ?? 0;
    const more = this.facts.length > 0;
    return { time, clockSet: 0, facts: new Float64Array(0), interfaces: {}, more, lost: 0, sums: null };
  }

  async page(monitor: MonitorName): Promise<Snapshot> {
    this.asked.push(`${monitor} page`);
    return { rows: [1] } as unknown as Snapshot;
  }

  async take(monitor: MonitorName, _query: Query, receiver: WatchReceiver): Promise<void> {
    this.asked.push(`${monitor} take`);
    await receiver.head({ rows: [] } as unknown as Snapshot);
    await receiver.rows([1, 2]);
    await receiver.rows([3]);
    await receiver.end();
  }
}

function logOf(monitors: MonitorLog[], parts: Partial<EngineLogParts> = {}) {
  const engine = new FakeEngine();
  const written: string[] = [];
  const log = new EngineLog({
    engine: engine as unknown as EngineLogParts['engine'],
    monitors,
    interface: 'eth0',
    live: true,
    saysHour: () => true,
    write: ({ monitor, fields }) => written.push(`${monitor}: ${fields.join('; ')}`),
    room: async () => undefined,
    ...parts,
  });
  return { engine, log, written };
}

describe('the log of an engine', () => {
  it('begins with a line for each monitor, and ends with the last events before the last blocks', async () => {
    const { engine, log, written } = logOf([connections(), statistics('ports')]);
    engine.facts = [5];
    await log.begin();
    engine.facts = [6, 7];
    await log.end();
    expect(written).toEqual([
      'ip-traffic: ******** IP-TRAFFIC started ********; eth0',
      'ports: ******** PORTS started ********; eth0',
      'ip-traffic: event 5',
      'ip-traffic: event 6',
      'ip-traffic: event 7',
      ...['begin hour', 'end'].map((text) => `ip-traffic: ${text}`),
      ...['begin hour', 'end'].map((text) => `ports: ${text}`),
      ...['begin stopped', 'row 1', 'row 2', 'row 3', 'end'].map((text) => `ip-traffic: ${text}`),
      ...['begin stopped', 'row 1', 'row 2', 'row 3', 'end'].map((text) => `ports: ${text}`),
    ]);
    expect(engine.asked.filter((each) => each.includes('final'))).toEqual([
      'ip-traffic facts {"final":true}',
      'ip-traffic facts {"final":true}',
    ]);
    // Nothing is asked afterwards.
    engine.asked = [];
    await log.block('interval');
    expect(engine.asked).toEqual([]);
  });

  it('fetches events several times a second, and before each block', async () => {
    vi.useFakeTimers();
    try {
      const { engine, log, written } = logOf([connections()]);
      await log.begin();
      engine.facts = [8];
      await vi.advanceTimersByTimeAsync(500);
      expect(written.at(-1)).toBe('ip-traffic: event 8');
      engine.facts = [9];
      await log.block('interval');
      expect(written.slice(3, 5)).toEqual(['ip-traffic: event 9', 'ip-traffic: begin interval']);
      await log.abandon();
      engine.asked = [];
      await vi.advanceTimersByTimeAsync(5000);
      expect(engine.asked).toEqual([]);
    } finally {
      vi.useRealTimers();
    }
  });

  it('has one hourly sum where monitors share a file', async () => {
    const { log, written } = logOf([statistics('ports'), statistics('detailed')], {
      saysHour: (monitor) => monitor === 'ports',
    });
    await log.block('hour');
    expect(written).toEqual(['ports: begin hour', 'ports: end']);
  });

  it('asks no more than a slow log takes: rows wait, and blocks that are due do not pile up', async () => {
    let release: () => void = () => undefined;
    const full = new Promise<void>((resolve) => {
      release = resolve;
    });
    const kinds: BlockKind[] = [];
    const begin = (kind: BlockKind): LogRecord[] => {
      kinds.push(kind);
      return [record('ports', kind)];
    };
    const monitor = { ...statistics('ports'), begin };
    const { log, written } = logOf([monitor], { room: () => full });
    const blocks = [1, 2, 3, 4].map(() => log.block('interval'));
    await new Promise((resolve) => setImmediate(resolve));
    expect(written).toEqual(['ports: interval']);
    const more = [1, 2, 3].map(() => log.block('interval'));
    release();
    await Promise.all([...blocks, ...more]);
    expect(kinds).toEqual(['interval', 'interval']);
  });

  it('tells a trouble once, and nothing after the engine is lost', async () => {
    const { engine, log, written } = logOf([connections()]);
    engine.fails = new Error('no such table');
    await log.block('interval');
    await log.block('interval');
    expect(written).toEqual(['null: error: no such table']);
    const last = log.block('interval');
    engine.fails = new Error('capture engine lost: killed');
    await Promise.all([log.abandon(), last]);
    await log.end();
    expect(written).toHaveLength(1);
  });

  it('a file has neither hours nor timers: it is read as fast as its events are taken', async () => {
    const { engine, log, written } = logOf([connections()], { live: false });
    await log.begin();
    engine.facts = [1, 2, 3];
    await new Promise((resolve) => setTimeout(resolve, 20));
    await log.end();
    expect(written.filter((line) => /event [123]/.test(line))).toHaveLength(3);
    expect(written.some((line) => line.includes('hour'))).toBe(false);
    expect(written.at(-1)).toBe('ip-traffic: end');
  });
});
