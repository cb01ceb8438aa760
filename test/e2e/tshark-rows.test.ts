// Every row of the IP traffic monitor against tshark: packets and wire bytes of each direction of each conversation.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { IpTrafficRow } from '../../screens/ip-traffic/types.ts';
import type { Snapshot } from '../../src/engine/messages.ts';
import { generateSavefile } from '../support/generate-savefile.ts';
import { buildProgram, PROGRAM, ROOT } from '../support/program.ts';
import { type ExactFlow, tsharkFields, tsharkPortFlows, tsharkUnavailable } from '../support/tshark.ts';

const unavailable = tsharkUnavailable();
const MIXED = join(ROOT, 'test/fixtures/mixed.pcapng');

let folder = '';
beforeAll(() => {
  buildProgram();
  folder = mkdtempSync(join(tmpdir(), 'iptraf-ts-tshark-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Read once: all that is compared about the mixed capture is one state. */
let mixed: Snapshot<IpTrafficRow> | null = null;

function mixedSnapshot(): Snapshot<IpTrafficRow> {
  mixed ??= snapshotOf(MIXED);
  return mixed;
}

function snapshotOf(path: string): Snapshot<IpTrafficRow> {
  const output = execFileSync('node', [PROGRAM, '-r', path, '--json', '--limit', '0'], {
    encoding: 'utf8',
    maxBuffer: 1 << 30,
    env: { ...process.env, IPTRAF_TS_STATE_DIR: folder },
  });
  return JSON.parse(output);
}

/** Flows of these rows by "source>destination", ports included where asked for; sums, since rows are finer (VLAN). */
function flowsOf(rows: readonly IpTrafficRow[], withPorts: boolean): Map<string, ExactFlow> {
  const flows = new Map<string, ExactFlow>();
  for (const row of rows) {
    for (const side of [0, 1]) {
      if (row.packets[side] === 0) continue;
      const [from, to] = [row.endpoints[side], row.endpoints[1 - side]].map(({ address, port }) =>
        withPorts ? `${address}:${port}` : address,
      );
      const flow = flows.get(`${from}>${to}`) ?? { frames: 0, bytes: 0 };
      flow.frames += row.packets[side];
      flow.bytes += row.wireBytes[side];
      flows.set(`${from}>${to}`, flow);
    }
  }
  return flows;
}

const sorted = (flows: Map<string, ExactFlow>): [string, ExactFlow][] =>
  [...flows].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));

describe.skipIf(unavailable !== null)(
  `rows against tshark${unavailable === null ? '' : ` (skipped: ${unavailable})`}`,
  () => {
    it('agree for every address pair of the mixed capture, fragments and tunnels included', () => {
      const { rows } = mixedSnapshot();
      const isIpv6 = (row: IpTrafficRow): boolean => row.endpoints[0].address.includes(':');
      const ip = rows.filter((row) => row.ipProtocol !== null);
      // A tunnel's frame may have a header of both families: here it belongs to the outer one alone.
      const ipv4 = tsharkFlowsWhere('ip && !(ipv6.nxt == 4)', ['ip.src', 'ip.dst']);
      const carriesIpv6 = 'ip.proto == 41 || gre.proto == 0x86dd || vxlan';
      const ipv6 = tsharkFlowsWhere(`ipv6 && !(${carriesIpv6})`, ['ipv6.src', 'ipv6.dst']);
      expect(ipv4.size).toBeGreaterThanOrEqual(5);
      expect(ipv6.size).toBeGreaterThanOrEqual(5);
      expect(
        sorted(
          flowsOf(
            ip.filter((row) => !isIpv6(row)),
            false,
          ),
        ),
      ).toEqual(sorted(ipv4));
      expect(sorted(flowsOf(ip.filter(isIpv6), false))).toEqual(sorted(ipv6));
    });

    it.each([
      ['tcp', 14],
      ['udp', 8],
    ] as const)('agree for every %s conversation of the mixed capture', (protocol, least) => {
      const { rows } = mixedSnapshot();
      const ours = flowsOf(
        rows.filter((row) => row.protocol === protocol),
        true,
      );
      const theirs = tsharkFlowsWhere(`${protocol} && ${ONLY_ITSELF}`, portFields(protocol));
      // A fragmented datagram has its ports in the first fragment alone: those are compared by address, above.
      const fragmented = tsharkFlowsWhere(`${protocol} && (ip.flags.mf == 1 || ipv6.fraghdr)`, portFields(protocol));
      const compared = [...theirs].filter(([key]) => !fragmented.has(key));
      expect(compared.length).toBeGreaterThanOrEqual(least);
      for (const [key, flow] of compared) expect([key, ours.get(key)]).toEqual([key, flow]);
    });

    it('agree for 200,000 conversations, one by one', () => {
      const path = join(folder, 'many.pcap');
      const written = generateSavefile(path, { conversations: 200_000, packetsPerConversation: 2 });
      const { rows, rowsTotal, totals } = snapshotOf(path);
      expect(rowsTotal).toBe(200_000);
      expect(totals).toMatchObject(written);
      const flows = tsharkPortFlows(path);
      for (const protocol of ['tcp', 'udp'] as const) {
        const ours = flowsOf(
          rows.filter((row) => row.protocol === protocol),
          true,
        );
        const theirs = flows[protocol];
        expect(ours.size).toBe(theirs.size);
        const different = [...theirs].filter(([key, flow]) => {
          const mine = ours.get(key);
          return mine === undefined || mine.frames !== flow.frames || mine.bytes !== flow.bytes;
        });
        expect(different).toEqual([]);
      }
    }, 180_000);
  },
);

/** No frame that carries another packet: a tunnel's, or an ICMP error with its quotation. */
const ONLY_ITSELF =
  '!icmp && !icmpv6 && !gre && !vxlan && !ah && !(ip.proto == 4 || ip.proto == 41 || ipv6.nxt == 4 || ipv6.nxt == 41)';

/** Source and destination, each as address of either family and port. */
function portFields(protocol: 'tcp' | 'udp'): string[] {
  return ['ip.src', 'ip.dst', 'ipv6.src', 'ipv6.dst', `${protocol}.srcport`, `${protocol}.dstport`];
}

/** Exact sums of the mixed capture's frames that a display filter selects, by these fields: source, destination, … */
function tsharkFlowsWhere(filter: string, fields: readonly string[]): Map<string, ExactFlow> {
  const flows = new Map<string, ExactFlow>();
  for (const [length, ...values] of tsharkFields(MIXED, ['frame.len', ...fields], filter)) {
    const [source4, destination4, source6, destination6, sourcePort, destinationPort] = values;
    const port = (text: string | undefined): string => (text === undefined ? '' : `:${text}`);
    const key = `${source4 || source6}${port(sourcePort)}>${destination4 || destination6}${port(destinationPort)}`;
    const flow = flows.get(key) ?? { frames: 0, bytes: 0 };
    flow.frames++;
    flow.bytes += Number(length);
    flows.set(key, flow);
  }
  return flows;
}
