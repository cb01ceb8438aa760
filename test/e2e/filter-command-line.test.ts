/** Filters on the command line of the built program: in every monitor, with other options, refused, and edited. Needs no root. */
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Filter } from '../../filters/filter.ts';
import type { IpTrafficRow } from '../../screens/ip-traffic/types.ts';
import { OPTIONS } from '../../src/cli/options.ts';
import type { Snapshot } from '../../src/engine/messages.ts';
import { buildProgram, PROGRAM, type ProgramHome, ROOT, temporaryHome } from '../support/program.ts';
import { spawnInTerminal, type TerminalSession } from '../support/pty.ts';
import { tsharkFields, tsharkUnavailable } from '../support/tshark.ts';

const MIXED = join(ROOT, 'test/fixtures/mixed.pcapng');
/** Packets of the mixed capture that the filter dns lets through (test/filters/ready-made.test.ts). */
const DNS_PACKETS = 16;

let home: ProgramHome;
let terminal: TerminalSession | null;

beforeAll(buildProgram);
beforeEach(() => {
  home = temporaryHome();
  terminal = null;
});
afterEach(async () => {
  await terminal?.close();
  home.remove();
});

function run(...words: string[]): { status: number | null; stdout: string; stderr: string } {
  const env = { ...process.env, ...home.env };
  return spawnSync(process.execPath, [PROGRAM, ...words], { encoding: 'utf8', env, input: '' });
}

const path = (): string => join(home.env.IPTRAF_TS_STATE_DIR, 'filters.json');
const stored = (): Filter[] => JSON.parse(readFileSync(path(), 'utf8')).filters;

describe('--filter', () => {
  const monitors = OPTIONS.filter(({ monitor }) => monitor !== undefined);

  it.each(monitors.map(({ flags }) => flags[0]))('narrows the monitor of %s', (flag) => {
    const words = flag === '-g' ? [flag] : [flag, 'all'];
    const { status, stdout } = run(...words, '-r', MIXED, '--filter', 'dns', '--json');
    expect(status).toBe(0);
    const { totals, capture } = JSON.parse(stdout.split('\n')[0]) as Snapshot;
    expect(totals.packets).toBe(DNS_PACKETS);
    expect(capture).toMatchObject({ filter: 'dns', filteredOut: 710 - DNS_PACKETS });
  });

  it('and --bpf let through what passes both', () => {
    const { stdout } = run('-r', MIXED, '--filter', 'dns', '--bpf', 'tcp', '--json');
    const { totals, capture } = JSON.parse(stdout) as Snapshot;
    expect(capture.filter).toBe('dns and tcp');
    expect(totals.packets).toBeGreaterThan(0);
    expect(totals.packets + capture.filteredOut).toBe(710);
    const { rows } = JSON.parse(run('-r', MIXED, '--filter', 'dns', '--json').stdout) as Snapshot<IpTrafficRow>;
    const tcp = rows.filter(({ protocol }) => protocol === 'tcp');
    expect(totals.packets).toBe(tcp.reduce((sum, { packets }) => sum + packets[0] + packets[1], 0));
  });

  const unavailable = tsharkUnavailable();
  it.skipIf(unavailable !== null)(
    `decides what -w writes${unavailable === null ? '' : ` (not run: ${unavailable})`}`,
    () => {
      mkdirSync(home.env.IPTRAF_TS_STATE_DIR, { recursive: true });
      const file = join(home.env.IPTRAF_TS_STATE_DIR, 'dns.pcapng');
      expect(run('-r', MIXED, '--filter', 'dns', '-w', file, '--text').status).toBe(0);
      expect(tsharkFields(file, ['frame.number'])).toHaveLength(DNS_PACKETS);
    },
  );

  it.each([
    [
      ['-r', MIXED, '--filter', 'nosuch'],
      'cannot use --filter "nosuch": there is no filter of that name; there are broadcast, ',
    ],
    [
      ['-B', '-i', 'lo', '--filter', 'nosuch'],
      'cannot use --filter "nosuch": there is no filter of that name; there are ',
    ],
    [
      ['-r', MIXED, '--filter', 'incoming'],
      'cannot apply filter incoming: rule 1: these packets tell no direction (say --local NET)',
    ],
    [['-r', MIXED, '--filter', 'incoming', '-w', 'KEEP'], 'cannot apply filter incoming: rule 1: '],
  ])('that cannot be applied is one line, and exit status 2: %j', (words, message) => {
    expect(run('filter', 'add', 'incoming', 'include incoming').status).toBe(0);
    const kept = join(home.env.IPTRAF_TS_STATE_DIR, 'kept.pcapng');
    writeFileSync(kept, 'what was there');
    const { status, stdout, stderr } = run(...words.map((word) => (word === 'KEEP' ? kept : word)));
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr.startsWith(`iptraf-ts: ${message}`), stderr).toBe(true);
    expect(stderr.trimEnd()).not.toContain('\n');
    expect(readFileSync(kept, 'utf8')).toBe('what was there');
  });

  it('with --local knows what comes in from a file', () => {
    run('filter', 'add', 'incoming', 'include incoming');
    const counted = (local: string): number => {
      const { stdout } = run('-r', MIXED, '--filter', 'incoming', '--local', local, '--json');
      return (JSON.parse(stdout) as Snapshot).totals.packets;
    };
    const [one, other] = [counted('10.77.0.1'), counted('10.77.0.2')];
    expect(one).toBeGreaterThan(50);
    expect(other).toBeGreaterThan(50);
    // Between two that are ours, everything goes out.
    expect(counted('10.77.0.1,10.77.0.2')).toBeLessThan(Math.min(one, other));
  });
});

describe('filter edit in a terminal', () => {
  it('shows what is wrong and opens the editor again', async () => {
    mkdirSync(home.env.IPTRAF_TS_STATE_DIR, { recursive: true });
    const editor = join(home.env.IPTRAF_TS_STATE_DIR, 'editor');
    // The first time it makes a mistake, the second time it corrects it.
    const script = `if grep -q 99999 "$1"; then sed -i 's/99999/9999/' "$1"; else sed -i 's/"port": "22"/"port": "99999"/' "$1"; fi`;
    writeFileSync(editor, `#!/bin/sh\n${script}\n`);
    chmodSync(editor, 0o755);
    terminal = await spawnInTerminal(process.execPath, [PROGRAM, 'filter', 'edit', 'ssh'], {
      env: { ...home.env, EDITOR: editor, VISUAL: '' },
    });
    await terminal.waitFor(/line 9: \/rules\/0\/destination\/port: [\s\S]*Edit it again\? \[Y\/n\]/);
    terminal.send('\r');
    await terminal.waitFor(/filter ssh is in /);
    expect(await terminal.waitForExit()).toBe(0);
    expect(stored()).toMatchObject([{ name: 'ssh', rules: [{ destination: { port: '9999' } }] }]);
    expect(run('filter', 'show', 'ssh').stdout).toContain('include tcp to any port 9999');
  });
});
