import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Filter } from '../../filters/filter.ts';
import { READY_MADE } from '../../filters/ready-made.ts';
import { ownSession } from '../../src/cli/filters/own-session.ts';
import { prepareFilter } from '../../src/cli/filters/prepare-filter.ts';
import { countByRule } from '../../src/engine/rule-counts.ts';
import { ETHERTYPE, IP_PROTOCOL, LINKTYPE } from '../../src/wire/numbers.ts';
import { engineOverFile } from '../support/file-engine.ts';
import { ethernet, ipv4, ipv6, tcp, udp, writePcap } from '../support/packets.ts';
import { tsharkFields, tsharkUnavailable } from '../support/tshark.ts';

const FILE = resolve(import.meta.dirname, '../fixtures/mixed.pcapng');

/** A tunnel is shown as itself, and an ICMP error is ICMP: what they carry or quote does not count. */
const OWN_PORTS = '!(icmp || icmpv6 || gre || vxlan || ip.proto in {4, 41} || ipv6.nxt in {4, 41})';

/** What Wireshark calls the packets of each filter, written by hand. */
const EXPRESSIONS: Readonly<Record<string, string>> = {
  broadcast: 'eth.dst == ff:ff:ff:ff:ff:ff',
  databases: `(tcp.port in {1433, 1521, 3306, 5432, 6379, 9042, 9200, 9300, 27017..27019, 33060} || udp.port == 1434) && ${OWN_PORTS}`,
  dns: `(tcp.port in {53, 853} || udp.port == 53) && ${OWN_PORTS}`,
  icmp: 'ip.proto == 1 || ipv6.nxt == 58',
  mail: `tcp.port in {25, 110, 143, 465, 587, 993, 995} && ${OWN_PORTS}`,
  ssh: `tcp.port == 22 && ${OWN_PORTS}`,
  web: `(tcp.port in {80, 443, 8080, 8443} || udp.port == 443) && ${OWN_PORTS}`,
};

const unavailable = tsharkUnavailable();
const title = unavailable === null ? '' : ` (not run: ${unavailable})`;

const context = { tellsDirection: false, tellsInterface: true, local: [], snaplen: 256, session: () => null };

/** What the filter lets through of a file with so many packets. */
async function counted(filter: Filter, file = FILE, all = 710): Promise<{ packets: number; wireBytes: number }> {
  const { prepared } = await prepareFilter(filter, context);
  const engine = await engineOverFile(file, ['general'], { filter: prepared });
  const query = { sort: null, descending: false, offset: 0, limit: 1, follow: null, options: {} };
  const { totals, capture } = await engine.page('general', query);
  expect(totals.packets + capture.filteredOut).toBe(all);
  await engine.stop();
  return { packets: totals.packets, wireBytes: totals.wireBytes };
}

/** Packets to and from every port of the filters and its neighbours, by TCP, UDP, IPv4 and IPv6. */
function everyPortNearby(): Uint8Array[] {
  const lists = READY_MADE.flatMap(({ rules }) => rules.flatMap(({ destination }) => destination?.port ?? []));
  const ports = new Set(
    lists.flatMap((list) => list.match(/\d+/g) ?? []).flatMap((port) => [-1, 0, 1].map((n) => +port + n)),
  );
  return [...ports].flatMap((port) => [
    ethernet(ETHERTYPE.ipv4, ipv4({ protocol: IP_PROTOCOL.tcp }, tcp({ sourcePort: 50_000, destinationPort: port }))),
    ethernet(ETHERTYPE.ipv4, ipv4({ protocol: IP_PROTOCOL.udp }, udp(port, 50_001))),
    ethernet(ETHERTYPE.ipv6, ipv6({ nextHeader: IP_PROTOCOL.tcp }, tcp({ sourcePort: port, destinationPort: 50_002 }))),
    ethernet(ETHERTYPE.ipv6, ipv6({ nextHeader: IP_PROTOCOL.udp }, udp(50_003, port))),
  ]);
}

describe('ready-made filters on the mixed capture', () => {
  it.skipIf(unavailable !== null).each(Object.entries(EXPRESSIONS))(
    `%s lets through what tshark shows for "%s"${title}`,
    async (name, expression) => {
      const filter = READY_MADE.find((each) => each.name === name) as Filter;
      const lengths = tsharkFields(FILE, ['frame.len'], expression).map(([length]) => Number(length));
      const wireBytes = lengths.reduce((sum, length) => sum + length, 0);
      expect(await counted(filter)).toEqual({ packets: lengths.length, wireBytes });
    },
  );

  it.skipIf(unavailable !== null)(`know the ports on either side of each of theirs${title}`, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'iptraf-ts-ports-'));
    const file = join(folder, 'ports.pcap');
    const packets = everyPortNearby();
    writePcap(file, LINKTYPE.ethernet, packets);
    for (const name of ['databases', 'dns', 'mail', 'ssh', 'web']) {
      const filter = READY_MADE.find((each) => each.name === name) as Filter;
      const lengths = tsharkFields(file, ['frame.len'], EXPRESSIONS[name]).map(([length]) => Number(length));
      const wireBytes = lengths.reduce((sum, length) => sum + length, 0);
      expect(await counted(filter, file, packets.length), name).toEqual({ packets: lengths.length, wireBytes });
      expect(lengths.length, name).toBeGreaterThanOrEqual(2);
    }
    rmSync(folder, { recursive: true });
  });

  it('are all compared, but the one that depends on who is logged in', () => {
    const compared = [...Object.keys(EXPRESSIONS), 'not-my-ssh'].sort();
    expect(READY_MADE.map(({ name }) => name)).toEqual(compared);
  });

  it.skipIf(unavailable !== null)(`not-my-ssh leaves out the session and nothing else${title}`, async () => {
    const filter = READY_MADE.find(({ name }) => name === 'not-my-ssh') as Filter;
    const session = tsharkFields(
      FILE,
      ['ip.src', 'tcp.srcport', 'ip.dst', 'tcp.dstport'],
      'ip && tcp.dstport == 22',
    )[0];
    const [client, clientPort, server, serverPort] = session;
    const environment = { SSH_CONNECTION: `${client} ${clientPort} ${server} ${serverPort}` };
    const found = ownSession({ pid: 1, environment, proc: '/nowhere' });
    const { prepared, warnings } = await prepareFilter(filter, { ...context, session: () => found });
    expect(warnings).toEqual([]);
    const { counts } = await countByRule(FILE, prepared, { decapsulate: false });
    const shown = tsharkFields(
      FILE,
      ['frame.len'],
      `ip.addr == ${client} && tcp.port == ${clientPort} && tcp.port == 22`,
    );
    expect(shown.length).toBeGreaterThan(10);
    expect(counts[0].packets).toBe(shown.length);
    expect(counts[1].packets).toBe(710 - shown.length);
  });
});

describe('counts by rule', () => {
  it('are those of the rule that decides, and add up to the file', async () => {
    const filter: Filter = {
      name: 'x',
      description: '',
      rules: [
        { action: 'exclude', protocol: 'tcp', destination: { port: '22' } },
        { action: 'include', protocol: 'tcp' },
        { action: 'exclude', protocol: 'tcp', destination: { port: '80' } },
        { action: 'include', protocol: 'ip' },
      ],
    };
    const { prepared } = await prepareFilter(filter, context);
    const { counts, damage } = await countByRule(FILE, prepared, { decapsulate: false });
    expect(damage).toBeNull();
    expect(counts).toHaveLength(5);
    const packets = counts.map((count) => count.packets);
    expect(packets.reduce((sum, each) => sum + each, 0)).toBe(710);
    expect(packets[0]).toBe(47);
    expect(packets[1]).toBeGreaterThan(200);
    // The rule before it takes them all.
    expect(packets[2]).toBe(0);
    const kept = await counted(filter);
    expect(kept).toEqual({ packets: packets[1] + packets[3], wireBytes: counts[1].wireBytes + counts[3].wireBytes });
  });

  it('of a file that is cut off are those until there, with what is wrong', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'iptraf-ts-cut-'));
    const path = join(folder, 'cut.pcapng');
    writeFileSync(path, readFileSync(FILE).subarray(0, 30_001));
    const { prepared } = await prepareFilter({ name: 'x', description: '', rules: [] }, context);
    const { counts, damage } = await countByRule(path, prepared, { decapsulate: false });
    expect(counts[0].packets).toBeGreaterThan(50);
    expect(damage).toMatchObject({ code: 'E_SAVEFILE_DAMAGED' });
    await expect(countByRule(join(folder, 'none'), prepared, { decapsulate: false })).rejects.toThrow(/cannot/);
    rmSync(folder, { recursive: true });
  });
});
