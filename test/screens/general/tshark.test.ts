// The mixed capture through the whole engine, compared with what tshark says of each frame.
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { GeneralCounts, GeneralRow } from '../../../screens/general/types.ts';
import { createLocalEngine } from '../../../src/engine/local-engine.ts';
import type { Snapshot } from '../../../src/engine/messages.ts';
import { QUERY } from '../../support/general-stage.ts';
import { tsharkFields, tsharkUnavailable } from '../../support/tshark.ts';

const FIXTURE = join(import.meta.dirname, '../../fixtures/mixed.pcapng');

async function rowsOf(path: string): Promise<GeneralRow[]> {
  const engine = createLocalEngine();
  const ended = new Promise<void>((resolve) => engine.onEnd(resolve));
  await engine.start({
    source: { kind: 'file', path },
    monitors: ['general'],
    snaplen: 256,
    expression: null,
    filter: null,
    writePath: null,
    rateWindow: Number.POSITIVE_INFINITY,
    maximumConversations: 10_000,
    decapsulate: false,
    keepsPackets: false,
    tcpTimeout: 900,
    closedPersistence: null,
  });
  await ended;
  const { rows } = (await engine.page('general', QUERY)) as Snapshot<GeneralRow>;
  await engine.stop();
  return rows;
}

interface Truth {
  packets: number;
  wireBytes: number;
}

/** Frames and bytes of each interface by their outermost network layer, "eth:ethertype:vlan:ethertype:ip:tcp". */
function truthOf(path: string): Map<string, Truth> {
  const truth = new Map<string, Truth>();
  for (const [id, length, protocols] of tsharkFields(path, ['frame.interface_id', 'frame.len', 'frame.protocols'])) {
    const network = protocols.split(':').find((name) => name === 'ip' || name === 'ipv6') ?? 'other';
    for (const key of [`${id} total`, `${id} ${network}`]) {
      const counts = truth.get(key) ?? { packets: 0, wireBytes: 0 };
      counts.packets++;
      counts.wireBytes += Number(length);
      truth.set(key, counts);
    }
  }
  return truth;
}

const unavailable = tsharkUnavailable();

describe.skipIf(unavailable !== null)(`the general statistics and tshark (${unavailable ?? 'installed'})`, () => {
  it('agree on every frame of the mixed capture, interface by interface', async () => {
    const rows = await rowsOf(FIXTURE);
    const truth = truthOf(FIXTURE);
    expect(rows.map((row) => row.interface)).toEqual(['eth0', 'mixed:1']);
    const counted = (counts: GeneralCounts | null): Truth => ({
      packets: counts?.packets ?? -1,
      wireBytes: counts?.wireBytes ?? -1,
    });
    for (const [id, row] of rows.entries()) {
      expect(counted(row.total)).toEqual(truth.get(`${id} total`));
      expect(counted(row.ipv4)).toEqual(truth.get(`${id} ip`));
      expect(counted(row.ipv6)).toEqual(truth.get(`${id} ipv6`));
      expect(counted(row.nonIp)).toEqual(truth.get(`${id} other`));
    }
    expect(truth.size).toBe(8);
  });
});
