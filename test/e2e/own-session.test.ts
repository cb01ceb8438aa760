/** A real ssh login between two namespaces: the filter not-my-ssh leaves out that connection and nothing else. */
import { execFileSync, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { IpTrafficRow } from '../../screens/ip-traffic/types.ts';
import type { Snapshot } from '../../src/engine/messages.ts';
import { createNamespacePair, type NamespacePair, namespacesUnavailable } from '../support/namespaces.ts';
import { buildProgram, PROGRAM, type ProgramHome, temporaryHome } from '../support/program.ts';

/** sshd insists on being called by its path. */
const SSHD = ['/usr/sbin/sshd', '/usr/local/sbin/sshd'].find(existsSync);

function unavailable(): string | null {
  if (SSHD === undefined) return 'there is no sshd here (package openssh-server)';
  if (spawnSync('ssh', ['-V']).status !== 0) return 'there is no ssh here (package openssh-client)';
  return namespacesUnavailable();
}

const reason = unavailable();
const title = reason === null ? '' : ` (not run: ${reason})`;

/** sshd's privilege separation directory. */
const RUN_DIRECTORY = '/run/sshd';

describe.skipIf(reason !== null)(`the ssh session that one is logged in by${title}`, () => {
  let pair: NamespacePair;
  let home: ProgramHome;
  let folder: string;

  beforeAll(async () => {
    buildProgram();
    home = temporaryHome();
    folder = mkdtempSync(join(tmpdir(), 'iptraf-ts-sshd-'));
    pair = await createNamespacePair('ownssh');
    await startServer();
  });
  afterAll(() => {
    pair?.dispose();
    home?.remove();
    rmSync(folder, { recursive: true, force: true });
  });

  async function startServer(): Promise<void> {
    mkdirSync(RUN_DIRECTORY, { recursive: true, mode: 0o755 });
    for (const name of ['host', 'user']) {
      execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(folder, name)]);
    }
    const configuration = [
      `HostKey ${join(folder, 'host')}`,
      `AuthorizedKeysFile ${join(folder, 'user.pub')}`,
      'StrictModes no',
      'UsePAM no',
      'UseDNS no',
      'PidFile none',
      'PermitRootLogin prohibit-password',
    ];
    writeFileSync(join(folder, 'sshd_config'), `${configuration.join('\n')}\n`);
    pair.right.spawn([SSHD as string, '-D', '-f', join(folder, 'sshd_config')], { stdio: 'ignore' });
    for (let attempt = 0; attempt < 50; attempt++) {
      if (pair.right.run('ss', '-Hltn', 'sport = :22') !== '') return;
      await sleep(100);
    }
    throw new Error('sshd does not listen');
  }

  const option = (text: string): string[] => ['-o', text];

  /** Logs in from the left to an address of the right and runs a command there. */
  function login(address: string, command: string, ...options: string[]): string {
    const ssh = ['ssh', '-F', 'none', '-i', join(folder, 'user')];
    for (const each of [
      'BatchMode=yes',
      'StrictHostKeyChecking=no',
      'UserKnownHostsFile=/dev/null',
      'LogLevel=ERROR',
    ]) {
      ssh.push(...option(each));
    }
    return pair.left.run(...ssh, ...options, `root@${address}`, command);
  }

  /** The program within the session, for two seconds; something else is said meanwhile. `clean`: as sudo leaves it. */
  function watch(address: string, filter: string | null, clean: boolean, ...options: string[]): Snapshot<IpTrafficRow> {
    const variables = Object.entries(home.env).map(([name, value]) => `${name}=${value}`);
    const environment = ['env', ...(clean ? ['-i', `PATH=${process.env.PATH}`] : []), ...variables];
    const words = [
      ...environment,
      process.execPath,
      PROGRAM,
      '-i',
      pair.right.interface,
      '--json',
      '--every',
      '2',
      '--for',
      '2',
    ];
    const call = [...words, ...(filter === null ? [] : ['--filter', filter])].join(' ');
    // What is printed meanwhile goes through the session.
    const talk = `while sleep 0.3; do echo talk >&2; done & a=$!; ping -q -i 0.5 ${pair.left.ipv4} >&2 & b=$!; ${call}; kill $a $b`;
    const lines = login(address, talk, ...options)
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Snapshot<IpTrafficRow> & { type: string });
    return lines.findLast(({ type }) => type === 'snapshot') as Snapshot<IpTrafficRow>;
  }

  const sessions = ({ rows }: Snapshot<IpTrafficRow>): IpTrafficRow[] =>
    rows.filter(({ endpoints }) => endpoints.some(({ port }) => port === 22));
  const pings = ({ rows }: Snapshot<IpTrafficRow>): IpTrafficRow[] =>
    rows.filter(({ protocol }) => protocol === 'icmp');

  it('is seen without the filter', () => {
    const snapshot = watch(pair.right.ipv4, null, false);
    expect(sessions(snapshot)).toHaveLength(1);
    expect(pings(snapshot)).toHaveLength(1);
  });

  it.each([
    ['IPv4', false],
    ['IPv4, by the sshd above us where the environment is lost', true],
    ['IPv6, by the sshd above us where the environment is lost', true],
  ])('is left out: %s', (kind, clean) => {
    const address = kind.startsWith('IPv4') ? pair.right.ipv4 : pair.right.ipv6;
    const snapshot = watch(address, 'not-my-ssh', clean);
    expect(sessions(snapshot)).toEqual([]);
    expect(pings(snapshot)).toHaveLength(1);
    expect(snapshot.capture.filter).toBe('not-my-ssh');
  });

  it('is told from connections that it forwards, and from those of others', async () => {
    const other = pair.left.spawn([
      ...['ssh', '-F', 'none', '-i', join(folder, 'user'), ...option('BatchMode=yes'), ...option('LogLevel=ERROR')],
      ...[...option('StrictHostKeyChecking=no'), ...option('UserKnownHostsFile=/dev/null'), `root@${pair.right.ipv4}`],
      'while sleep 0.2; do echo talk; done',
    ]);
    await once(other.stdout as Readable, 'data');
    other.stdout?.resume();
    const snapshot = watch(pair.right.ipv4, 'not-my-ssh', true, '-R', '9999:127.0.0.1:1');
    expect(sessions(snapshot)).toHaveLength(1);
    other.kill('SIGKILL');
  });
});
