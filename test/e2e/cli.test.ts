/** The built program's command line: commands, output for pipes, errors. What captures needs root; the rest does not. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { manPage } from '../../src/cli/documents/manual.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const PROGRAM = join(ROOT, 'dist/iptraf-ts.js');
const FIXTURE = resolve(import.meta.dirname, '../fixtures/mixed.pcapng');
const isRoot = process.getuid?.() === 0;

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'iptraf-ts-cli-'));
  for (const name of ['STATE', 'LOG', 'RUN']) process.env[`IPTRAF_TS_${name}_DIR`] = join(folder, name);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function run(...argv: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, [PROGRAM, ...argv], { encoding: 'utf8', timeout: 20_000, input: '' });
}

describe('commands', () => {
  it('print help, version, man page and completions to standard output', () => {
    expect(run('--help')).toEqual(expect.objectContaining({ status: 0, stderr: '' }));
    expect(run('-i', 'lo', '-h').stdout).toBe(run('--help').stdout);
    expect(run('-V').stdout).toMatch(/^iptraf-ts \d+\.\d+\.\d+\n$/);
    expect(run('man').stdout).toBe(manPage());
    expect(run('completion', 'bash').stdout).toContain('complete -F _iptraf_ts iptraf-ts');
  });

  it('list the interfaces that ip lists', () => {
    const { stdout } = spawnSync('ip', ['-o', 'link'], { encoding: 'utf8' });
    const names = stdout
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => /^\d+: ([^:@]+)/.exec(line)?.[1]);
    const listed = run('interfaces', '--json')
      .stdout.trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line).name);
    expect(listed.sort()).toEqual(names.sort());
    const text = run('interfaces').stdout;
    for (const name of names) expect(text).toMatch(new RegExp(`^${name} `, 'm'));
  });

  it('say which sources work, with a remedy for what is missing', () => {
    const probes = run('doctor', '--json')
      .stdout.trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(probes.map((probe) => probe.name)).toContain('packet ring');
    for (const probe of probes) expect(probe).toMatchObject({ ok: expect.any(Boolean), detail: expect.any(String) });
  });

  it.skipIf(!isRoot)('tell by their status whether anything can capture: yes, and no for want of permission', () => {
    expect(run('doctor').status).toBe(0);
    const nobody = ['--bounding-set=-all', '--inh-caps=-all', '--reuid=65534', '--clear-groups'];
    const denied = spawnSync('setpriv', [...nobody, process.execPath, PROGRAM, 'doctor'], { encoding: 'utf8' });
    expect(denied.stdout).toMatch(/^missing +privilege: /m);
    expect(denied.status).toBe(77);
  });

  it('answer through a link named iptraf-ng as the main program, iftop by its door, nethogs with a line', () => {
    for (const name of ['iptraf-ng', 'iftop', 'nethogs']) symlinkSync(PROGRAM, join(folder, name));
    const call = (name: string, option: string) =>
      spawnSync(process.execPath, [join(folder, name), option], { encoding: 'utf8', timeout: 30_000 });
    expect(call('iptraf-ng', '-v').stdout).toMatch(/^iptraf-ts /);
    expect(call('iftop', '--help').stdout).toMatch(/^iptraf-ts [\s\S]*\.iftoprc/);
    const { status, stderr } = call('nethogs', '-d');
    expect([status, stderr]).toEqual([2, expect.stringMatching(/^iptraf-ts: cannot use nethogs: .*\n$/)]);
  });
});

describe('errors', () => {
  it.each([
    [
      ['-i', 'nothing0'],
      1,
      /^iptraf-ts: cannot capture on nothing0: there is no such interface \(there are: .*lo.*\)\n$/,
    ],
    [['-r', '/nothing/x.pcap'], 1, /^iptraf-ts: cannot .*\/nothing\/x\.pcap: .*\n$/],
    [['-i', 'lo', '--bpf', 'port port'], 2, /^iptraf-ts: cannot use capture expression "port port": .*\n$/],
    [['-i', 'lo', '-L', '/proc/nothing/x.log'], 1, /^iptraf-ts: cannot write log \/proc\/nothing\/x\.log: .*\n$/],
    [
      ['-i', 'lo', '-w', '/proc/nothing/x.pcapng'],
      1,
      /^iptraf-ts: cannot write packets to \/proc\/nothing\/x\.pcapng: .*\n$/,
    ],
    [['--processes'], 2, /^iptraf-ts: cannot use --processes: .* not in this version yet .*\n$/],
  ])('of %j are one line and a status', (argv, status, line) => {
    const result = run(...argv);
    expect(result.stderr).toMatch(line);
    expect(result.status).toBe(status);
    expect(result.stdout).toBe('');
  });

  it('of a damaged settings file name where it went, and the program goes on', () => {
    const state = join(folder, 'STATE');
    spawnSync('mkdir', ['-p', state]);
    writeFileSync(join(state, 'settings.json'), '{"version": 1, "theme": 7}');
    const { status, stderr } = run('-r', 'test/none.pcap');
    expect(stderr).toMatch(
      /^iptraf-ts: settings .*settings\.json is damaged and was moved to .*\.damaged-\S+: line 1: \/theme/,
    );
    expect(status).toBe(1);
  });
});

describe.skipIf(!isRoot)('a run on the loopback interface (needs root)', () => {
  it('prints the busiest first unless --sort says otherwise', () => {
    const bytes = (...argv: string[]): number[] =>
      JSON.parse(run('-r', FIXTURE, '--json', '--limit', '0', ...argv).stdout).rows.map(
        (row: { ipBytes: [number, number] }) => row.ipBytes[0] + row.ipBytes[1],
      );
    const all = bytes();
    expect(all.length).toBeGreaterThan(60);
    expect(all).toEqual([...all].sort((a, b) => b - a));
    expect(bytes('--sort', 'first-seen')).not.toEqual(all);
  });

  it('writes what passes the expression to a file, and reads it again with the same counts', () => {
    const file = join(folder, 'ping.pcapng');
    const script = `(sleep 2; ping -c 5 -i 0.1 127.0.0.9) >/dev/null & exec "$@"`;
    const argv = ['-i', 'lo', '--bpf', 'icmp and host 127.0.0.9', '-w', file, '--json', '--for', '4'];
    const live = spawnSync('bash', ['-c', script, 'bash', process.execPath, PROGRAM, ...argv], { encoding: 'utf8' });
    expect([live.status, live.stderr]).toEqual([0, '']);
    const last = JSON.parse(live.stdout.trimEnd().split('\n').at(-1) ?? '');
    expect(last.totals.packets).toBe(10);
    expect(statSync(file).mode & 0o777).toBe(0o640);
    const again = run('-r', file, '--json');
    expect(again.status).toBe(0);
    const lines = again.stdout.trimEnd().split('\n');
    expect(lines).toHaveLength(1);
    expect(JSON.parse(lines[0]).totals).toMatchObject({ packets: 10, ipBytes: last.totals.ipBytes });
    const piped = spawnSync('bash', ['-c', `"$0" "$1" -r - --csv <"$2"`, process.execPath, PROGRAM, file], {
      encoding: 'utf8',
    });
    expect(piped.stdout).toMatch(/^timestamp,interface,protocol,src_ip,dst_ip,src_port,dst_port,bytes/);
    expect(readFileSync(file).length).toBeGreaterThan(500);
  });
});
