/** The engine in this process over a file of given packets: what each monitor says of them at the end. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type MonitorEntry, monitorEntry } from '../../screens/monitors.ts';
import type { EngineClient } from '../../src/engine/engine-client.ts';
import { createLocalEngine } from '../../src/engine/local-engine.ts';
import type { EngineOptions, Snapshot } from '../../src/engine/messages.ts';
import type { MonitorName, Query } from '../../src/engine/monitor.ts';
import { LINKTYPE } from '../../src/wire/numbers.ts';
import { type PacketLike, writePcap } from './packets.ts';

export function fileEngineOptions(path: string, monitors: MonitorName[]): EngineOptions {
  return {
    source: { kind: 'file', path },
    monitors,
    snaplen: 256,
    expression: null,
    filter: null,
    writePath: null,
    rateWindow: Number.POSITIVE_INFINITY,
    maximumConversations: 10_000,
    decapsulate: false,
    tcpTimeout: 900,
    keepsPackets: false,
    closedPersistence: null,
    servicePorts: [],
  };
}

/** What pipes ask: every row, in the monitor's order for them, or in this one. */
export function pipeQuery({ pipeSort, ascendingSorts, pipeOptions }: MonitorEntry, sort = pipeSort): Query {
  const descending = sort !== null && !ascendingSorts.has(sort);
  return { sort, descending, offset: 0, limit: 0, follow: null, options: { ...pipeOptions } };
}

export interface ReadFile {
  /** The monitor's snapshot of the whole file; rows as that monitor's types.ts has them. */
  snapshot<Row>(monitor: MonitorName, query?: Partial<Query>): Promise<Snapshot<Row>>;
  stop(): Promise<void>;
}

/** An engine in this process that has read a capture file to its end, with these monitors. */
export async function engineOverFile(
  path: string,
  monitors: MonitorName[],
  changes: Partial<EngineOptions> = {},
): Promise<EngineClient> {
  const engine = createLocalEngine();
  const ended = new Promise<void>((resolve) => engine.onEnd(resolve));
  await engine.start({ ...fileEngineOptions(path, monitors), ...changes });
  await ended;
  return engine;
}

async function readThrough(path: string, monitors: MonitorName[]): Promise<ReadFile> {
  const engine = await engineOverFile(path, monitors);
  return {
    async snapshot<Row>(monitor: MonitorName, query: Partial<Query> = {}) {
      return (await engine.page(monitor, { ...pipeQuery(monitorEntry(monitor)), ...query })) as Snapshot<Row>;
    },
    stop: () => engine.stop(),
  };
}

/** The same for packets that are given. */
export async function readPackets(packets: readonly PacketLike[], monitors: MonitorName[]): Promise<ReadFile> {
  const folder = mkdtempSync(join(tmpdir(), 'iptraf-ts-file-'));
  const path = join(folder, 'packets.pcap');
  writePcap(path, LINKTYPE.ethernet, packets);
  try {
    return await readThrough(path, monitors);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
