// Names that are seen on the wire, live: on the screen with their mark, in JSON with how they are known, and nobody is asked.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { LINKTYPE } from '../../src/wire/numbers.ts';
import { a, dnsMessage } from '../support/dns-messages.ts';
import { Driver } from '../support/driver.ts';
import { createNamespacePair, type NamespacePair, namespacesUnavailable } from '../support/namespaces.ts';
import { ethernet, ipv4, tcp, udp, writePcap } from '../support/packets.ts';
import { buildProgram, PROGRAM, type ProgramHome, temporaryHome } from '../support/program.ts';
import { spawnInTerminal, type TerminalSession } from '../support/pty.ts';
import { SnapshotWatch } from '../support/snapshot-watch.ts';

const unavailable = namespacesUnavailable();

/** Addresses of the server, one for each way to tell a name. */
const ADDRESS = { dns: '10.91.0.11', tls: '10.91.0.12', split: '10.91.0.13', quic: '10.91.0.14' } as const;
const NAME = {
  dns: 'answer.seen.example',
  tls: 'hello.seen.example',
  split: 'second.seen.example',
  quic: 'quic.seen.example',
} as const;

interface Endpoint {
  address: string;
  name: string | null;
  nameSource: string | null;
}

describe.skipIf(unavailable !== null)(`observed names (${unavailable ?? 'in namespaces'})`, () => {
  let pair: NamespacePair;
  let client: Driver;
  let server: Driver;
  let home: ProgramHome;
  let terminal: TerminalSession | null = null;

  beforeAll(async () => {
    buildProgram();
    pair = await createNamespacePair('names');
    for (const address of Object.values(ADDRESS)) {
      pair.right.run('ip', 'address', 'add', `${address}/24`, 'dev', 'right');
      pair.left.run('ip', 'neighbour', 'add', address, 'lladdr', pair.right.mac, 'dev', 'left', 'nud', 'permanent');
    }
    // A question to any name server has a way out, where it would be counted.
    pair.left.run('ip', 'route', 'add', 'default', 'via', pair.right.ipv4);
    home = temporaryHome();
    mkdirSync(home.env.IPTRAF_TS_STATE_DIR, { recursive: true });
    const settings = { version: 1, observedNames: true };
    writeFileSync(join(home.env.IPTRAF_TS_STATE_DIR, 'settings.json'), JSON.stringify(settings));
    client = await Driver.start('test/support/name-driver.ts', pair.left);
    server = await Driver.start('test/support/name-driver.ts', pair.right);
    await server.ask('serve', { [NAME.dns]: ADDRESS.dns });
  });
  afterEach(async () => {
    await terminal?.close();
    terminal = null;
  });
  afterAll(async () => {
    await client?.end();
    await server?.end();
    pair?.dispose();
    home?.remove();
  });

  /** Everything that tells a name, and a packet to the address that an answer named. Sends two datagrams. */
  async function tellNames(): Promise<void> {
    expect(await client.ask('ask', { server: pair.right.ipv4, name: NAME.dns })).toBeGreaterThan(256);
    pair.left.run('ping', '-q', '-c', '1', ADDRESS.dns);
    await client.ask('handshake', { address: ADDRESS.tls, name: NAME.tls });
    await client.ask('split', { address: ADDRESS.split, name: NAME.split });
    await client.ask('quic', { address: ADDRESS.quic, name: NAME.quic });
  }

  const DATAGRAMS = 2;

  /** Datagrams that anyone in the client's namespace sent, by UDP's own count. */
  function datagramsSent(): number {
    const lines = pair.left.run('grep', '^Udp:', '/proc/net/snmp').trim().split('\n');
    const [names, values] = lines.map((line) => line.split(' '));
    return Number(values[names.indexOf('OutDatagrams')]);
  }

  function watchJson(...options: string[]): SnapshotWatch<{ endpoints: Endpoint[] }> {
    const args = ['-i', 'left', '--json', '--every', '0.25', '--limit', '0', ...options];
    return new SnapshotWatch(
      pair.left.spawn([process.execPath, PROGRAM, ...args], { env: { ...process.env, ...home.env } }),
    );
  }

  const namesIn = (rows: readonly { endpoints: Endpoint[] }[]): Map<string, [string | null, string | null]> =>
    new Map(
      rows.flatMap(({ endpoints }) => endpoints.map(({ address, name, nameSource }) => [address, [name, nameSource]])),
    );

  it('stand on the screen with a mark, and nobody is asked for them', async () => {
    const command = ['netns', 'exec', pair.left.name, process.execPath, PROGRAM, '-i', 'left'];
    terminal = await spawnInTerminal('ip', command, { cols: 120, rows: 40, env: home.env });
    await terminal.waitFor(/no TCP connection seen yet/);
    const before = datagramsSent();
    await tellNames();
    for (const name of Object.values(NAME)) await terminal.waitFor(new RegExp(`~${name.replaceAll('.', '\\.')}`));
    // The client itself has no name: it would have been asked for.
    await terminal.waitFor(/10\.91\.0\.1:/);
    terminal.send('/second.seen\r');
    await terminal.waitFor(
      (screen) => !screen.some((row) => row.includes(NAME.tls)) && screen.some((row) => row.includes(NAME.split)),
    );
    terminal.send('?');
    await terminal.waitFor(/~ as seen on the wire/);
    expect(datagramsSent() - before).toBe(DATAGRAMS);
  });

  it('are in JSON with how they are known; what was not seen is asked for by reverse DNS', async () => {
    const watching = watchJson('--names', '--bpf', 'ip');
    await watching.until(() => true);
    const before = datagramsSent();
    await tellNames();
    const isWhole = (rows: readonly { endpoints: Endpoint[] }[]): boolean =>
      Object.values(ADDRESS).every((address) => typeof namesIn(rows).get(address)?.[0] === 'string');
    const { rows } = await watching.until((snapshot) => isWhole(snapshot.rows));
    const names = namesIn(rows);
    expect(Object.values(ADDRESS).map((address) => names.get(address))).toEqual([
      [NAME.dns, 'observed-dns'],
      [NAME.tls, 'observed-tls'],
      [NAME.split, 'observed-tls'],
      [NAME.quic, 'observed-quic'],
    ]);
    await expect.poll(datagramsSent, { timeout: 20_000 }).toBeGreaterThan(before + DATAGRAMS);
    watching.end();
  });

  it('are found in a file, and are in its one snapshot', () => {
    const path = join(home.env.IPTRAF_TS_STATE_DIR, 'names.pcap');
    const answer = dnsMessage({ questions: [NAME.dns], answers: [a(NAME.dns, ADDRESS.dns)] });
    const from = { source: pair.right.ipv4, destination: pair.left.ipv4, protocol: 17 };
    const to = { source: pair.left.ipv4, destination: ADDRESS.dns, protocol: 6 };
    // What is named comes first: names are for the whole file.
    writePcap(path, LINKTYPE.ethernet, [
      ethernet(0x0800, ipv4(to, tcp())),
      ethernet(0x0800, ipv4(from, udp(53, 4000, answer))),
    ]);
    const run = (...options: string[]): string =>
      pair.right.run(
        'env',
        ...Object.entries(home.env).map((each) => each.join('=')),
        process.execPath,
        PROGRAM,
        '-r',
        path,
        ...options,
      );
    const named = JSON.parse(run('--json', '--names').trim());
    expect(namesIn(named.rows).get(ADDRESS.dns)).toEqual([NAME.dns, 'observed-dns']);
    expect(run('--csv')).not.toContain(NAME.dns);
  });

  it('are not there without --names, whatever the setting is', async () => {
    const watching = watchJson();
    await watching.until(() => true);
    const before = datagramsSent();
    await tellNames();
    const { rows } = await watching.until((snapshot) =>
      Object.values(ADDRESS).every((address) => namesIn(snapshot.rows).has(address)),
    );
    watching.end();
    expect([...namesIn(rows).values()].filter(([name, source]) => name !== null || source !== null)).toEqual([]);
    expect(datagramsSent() - before).toBe(DATAGRAMS);
  });
});
