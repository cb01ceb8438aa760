import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type OwnSession, ownSession } from '../../../src/cli/filters/own-session.ts';
import { addressText } from '../../../src/wire/address.ts';

let proc: string;

beforeEach(() => {
  proc = mkdtempSync(join(tmpdir(), 'iptraf-ts-proc-'));
});
afterEach(() => rmSync(proc, { recursive: true, force: true }));

interface FakeProcess {
  name: string;
  parent: number;
  sockets?: number[];
  environ?: Record<string, string>;
}

/** Rows of /proc/net/tcp and tcp6 as Linux prints them on a little-endian machine. */
const TCP = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 100 1 0000 100 0 0 10 0
   1: 02004D0A:0016 01004D0A:C738 01 00000000:00000000 02:0007A120 00000000     0        0 101 2 0000 20 4 30 10 -1
   2: 02004D0A:9C40 09004D0A:1F90 01 00000000:00000000 02:0007A120 00000000     0        0 102 2 0000 20 4 30 10 -1
`;
const TCP6 = `  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: B80D0120000000000000000001000000:0016 B80D0120000000000000000002000000:D431 01 00000000:00000000 02:0007A120 00000000     0        0 201 2 0000 20 4 30 10 -1
   1: 0000000000000000FFFF0000020A000A:0016 0000000000000000FFFF0000010A000A:D432 01 00000000:00000000 02:0007A120 00000000     0        0 202 2 0000 20 4 30 10 -1
`;

function tree(processes: Record<number, FakeProcess>): void {
  for (const [pid, { name, parent, sockets = [], environ = {} }] of Object.entries(processes)) {
    const folder = join(proc, pid);
    mkdirSync(join(folder, 'fd'), { recursive: true });
    mkdirSync(join(folder, 'net'));
    writeFileSync(join(folder, 'stat'), `${pid} (${name}) S ${parent} 1 1 0 -1 0`);
    writeFileSync(join(folder, 'net/tcp'), TCP);
    writeFileSync(join(folder, 'net/tcp6'), TCP6);
    const entries = Object.entries(environ).map(([key, value]) => `${key}=${value}\0`);
    writeFileSync(join(folder, 'environ'), `HOME=/root\0${entries.join('')}`);
    symlinkSync('/dev/null', join(folder, 'fd/0'));
    for (const [n, inode] of sockets.entries()) symlinkSync(`socket:[${inode}]`, join(folder, `fd/${n + 3}`));
  }
}

function text(session: OwnSession | null): string | null {
  if (session === null) return null;
  const { client, server } = session;
  return `${addressText(client.address, 0)} ${client.port} ${addressText(server.address, 0)} ${server.port}`;
}

function found(pid: number, environment: Record<string, string> = {}): string | null {
  return text(ownSession({ pid, environment, proc }));
}

/** init ◄ listening sshd ◄ monitor ◄ session ◄ shell ◄ sudo ◄ us. */
function loggedIn(session: number[], monitor: number[], name = 'sshd'): void {
  tree({
    1: { name: 'systemd', parent: 0 },
    10: { name: 'sshd', parent: 1, sockets: [100] },
    20: { name, parent: 10, sockets: monitor },
    21: { name, parent: 20, sockets: session },
    30: { name: 'bash', parent: 21 },
    31: { name: 'sudo', parent: 30 },
    32: { name: 'iptraf-ts', parent: 31 },
  });
}

describe('the ssh session that we are used through', () => {
  it.each([
    ['IPv4', [101], '10.77.0.1 51000 10.77.0.2 22'],
    ['IPv6', [201], '2001:db8::2 54321 2001:db8::1 22'],
    ['IPv4 in an IPv6 socket', [202], '10.0.10.1 54322 10.0.10.2 22'],
  ])('is the connection of the sshd above us, also through sudo: %s', (_, sockets, expected) => {
    loggedIn(sockets, sockets);
    expect(found(32)).toBe(expected);
  });

  it('is that of sshd-session (OpenSSH 9.8)', () => {
    loggedIn([101], [101], 'sshd-session');
    expect(found(32)).toBe('10.77.0.1 51000 10.77.0.2 22');
  });

  it('is not a connection that the session forwards', () => {
    loggedIn([102, 101], [101]);
    expect(found(32)).toBe('10.77.0.1 51000 10.77.0.2 22');
  });

  it('is found where only one of its processes may be looked at', () => {
    loggedIn([], [101]);
    expect(found(32)).toBe('10.77.0.1 51000 10.77.0.2 22');
  });

  it('is what the environment says where the sockets cannot be seen', () => {
    loggedIn([], []);
    expect(found(32, { SSH_CONNECTION: '192.0.2.7 4000 192.0.2.1 22' })).toBe('192.0.2.7 4000 192.0.2.1 22');
    expect(found(32, { SSH_CONNECTION: 'fe80::7%eth0 4000 fe80::1%eth0 22' })).toBe('fe80::7 4000 fe80::1 22');
    expect(found(32, { SSH_CONNECTION: '::ffff:192.0.2.7 4000 ::ffff:192.0.2.1 22' })).toBe(
      '192.0.2.7 4000 192.0.2.1 22',
    );
  });

  it("is what an ancestor's environment says: sudo takes the variable away", () => {
    tree({
      1: { name: 'systemd', parent: 0 },
      30: { name: 'bash', parent: 1, environ: { SSH_CONNECTION: '192.0.2.7 4000 192.0.2.1 22' } },
      31: { name: 'sudo', parent: 30 },
      32: { name: 'iptraf-ts', parent: 31 },
    });
    expect(found(32)).toBe('192.0.2.7 4000 192.0.2.1 22');
  });

  it.each(['', 'a b c d', '192.0.2.7 4000 192.0.2.1', '192.0.2.7 0 192.0.2.1 22', '192.0.2.7 4000 192.0.2.1 99999'])(
    'is nobody’s where the environment says "%s"',
    (connection) => {
      tree({ 1: { name: 'systemd', parent: 0 }, 32: { name: 'iptraf-ts', parent: 1 } });
      expect(found(32, { SSH_CONNECTION: connection })).toBeNull();
    },
  );
});
