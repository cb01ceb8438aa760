// Server names of real OpenSSL clients, live: a usual ClientHello, and one that the kernel cuts before the name.
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createNamespacePair, type NamespacePair, namespacesUnavailable } from '../support/namespaces.ts';
import { buildProgram, PROGRAM, type ProgramHome, temporaryHome } from '../support/program.ts';
import { SnapshotWatch } from '../support/snapshot-watch.ts';

const PADDED_HELLO = join(import.meta.dirname, '../../scripts/fixtures/padded-hello.py');

const missing = ['openssl', 'python3'].find((tool) => spawnSync(tool, ['version']).error !== undefined);
const unavailable = namespacesUnavailable() ?? (missing === undefined ? null : `${missing} is not installed`);

interface Row {
  endpoints: { address: string; name: string | null }[];
}

describe.skipIf(unavailable !== null)(`OpenSSL's server names (${unavailable ?? 'in namespaces'})`, () => {
  let pair: NamespacePair;
  let home: ProgramHome;
  let key = '';
  let certificate = '';

  beforeAll(async () => {
    buildProgram();
    pair = await createNamespacePair('sni');
    // One segment a packet: a hello that is longer than one goes in two.
    pair.left.run('ip', 'link', 'set', 'left', 'gso_max_segs', '1');
    home = temporaryHome();
    const folder = home.env.IPTRAF_TS_STATE_DIR;
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'settings.json'), JSON.stringify({ version: 1, observedNames: true }));
    [key, certificate] = [join(folder, 'key'), join(folder, 'certificate')];
    const subject = ['-subj', '/CN=names.example', '-days', '1', '-nodes', '-keyout', key, '-out', certificate];
    pair.right.run('openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', ...subject);
  });
  afterAll(() => {
    pair?.dispose();
    home?.remove();
  });

  it('are read from the first segment, and from the second', async () => {
    pair.right.spawn(['openssl', 's_server', '-quiet', '-key', key, '-cert', certificate, '-accept', '443'], {
      stdio: 'ignore',
    });
    await expect.poll(() => pair.right.run('ss', '-Hltn', 'sport', '=', ':443'), { timeout: 20_000 }).not.toBe('');
    const args = ['-i', 'left', '--json', '--every', '0.25', '--limit', '0', '--names'];
    const program = pair.left.spawn([process.execPath, PROGRAM, ...args], { env: { ...process.env, ...home.env } });
    const watching = new SnapshotWatch<Row>(program);
    const nameOf = (rows: readonly Row[], address: string): string | null | undefined =>
      rows.flatMap(({ endpoints }) => endpoints).find((endpoint) => endpoint.address === address)?.name;
    await watching.until(() => true);
    const { ipv4, ipv6 } = pair.right;
    const client = ['openssl', 's_client', '-connect', `${ipv4}:443`, '-servername', 'usual.example.com'];
    pair.left.run('sh', '-c', `${client.join(' ')} </dev/null`);
    await watching.until(({ rows }) => nameOf(rows, ipv4) === 'usual.example.com');
    pair.left.run('python3', PADDED_HELLO, ipv6, '443', 'padded.example.com');
    await watching.until(({ rows }) => nameOf(rows, ipv6) === 'padded.example.com');
    watching.end();
  });
});
