import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { Ajv } from 'ajv';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildProgram, PROGRAM, ROOT } from '../support/program.ts';
import { conversationRecord, madeConversations, textLog } from '../support/report-logs.ts';

let folder = '';
const made = madeConversations(5000, 4).map(conversationRecord);
const log = (): string => join(folder, 'x.log');

beforeAll(() => {
  buildProgram();
  folder = mkdtempSync(join(tmpdir(), 'iptraf-ts-report-'));
  writeFileSync(log(), textLog(made.slice(2500)));
  writeFileSync(`${log()}.1.gz`, gzipSync(textLog(made.slice(0, 2500))));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function report(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [PROGRAM, 'report', ...args], {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  return { status, stdout, stderr };
}

/** The same sums by other means: awk over the lines of both files. */
function awk(program: string): string[] {
  const script = `{ cat "$1"; zcat "$1.1.gz"; } | awk -F '; ' "$2" | sort`;
  const text = execFileSync('sh', ['-c', script, 'sh', log(), program], {
    encoding: 'utf8',
    env: { ...process.env, LC_ALL: 'C' },
  });
  return text.trimEnd().split('\n');
}

/** Addresses without their ports; bytes of one direction. */
const FUNCTIONS = `
  function address(place) {
    if (sub(/^\\[/, "", place)) sub(/\\].*/, "", place)
    else if (place ~ /^[0-9.]+:[0-9]+$/) sub(/:.*/, "", place)
    return place
  }
  function bytes(field, words) { sub(/^opposite direction /, "", field); split(field, words, " "); return words[3] }`;

describe('iptraf-ts report', () => {
  it('has the numbers that awk finds in the same logs', () => {
    const { status, stdout, stderr } = report(log(), `${log()}.1.gz`, '--json', '--limit', '0');
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    const json = JSON.parse(stdout);
    const validate = new Ajv().compile(JSON.parse(readFileSync(join(ROOT, 'schemas/report.json'), 'utf8')));
    validate(json);
    expect(validate.errors).toBeNull();
    const final = `$6 ~ /closed|Connection reset|timed out|still open/`;
    const own = (rows: [string, number][]): string[] =>
      rows
        .filter(([, sum]) => sum > 0)
        .map((row) => row.join(' '))
        .sort();
    expect(own(json.protocols.rows.map((row: { name: string; bytes: number }) => [row.name, row.bytes]))).toEqual(
      awk(
        `${final} { split($4, b, " "); sum[tolower($2)] += b[1] } END { for (p in sum) printf "%s %.0f\\n", p, sum[p] }`,
      ),
    );
    const sent = `${FUNCTIONS} ${final} { split($5, e, " "); sum[address(e[2])] += bytes($7); sum[address(e[4])] += bytes($8) }
      END { for (a in sum) if (sum[a] > 0) printf "%s %.0f\\n", a, sum[a] }`;
    expect(
      own(json.sources.rows.map((row: { address: string; sentBytes: number }) => [row.address, row.sentBytes])),
    ).toEqual(awk(sent));
    const days = `${final} { split($4, b, " "); day = substr($1, 1, 8); sum[day] += b[1] }
      END { for (d in sum) printf "%s %.0f\\n", d, sum[d] }`;
    expect(
      own(json.days.map((row: { date: string; bytes: number }) => [row.date.replaceAll('-', ''), row.bytes])),
    ).toEqual(awk(days));
  });

  it('writes a page that stands alone', () => {
    const { status, stdout } = report(folder, '--html');
    expect(status).toBe(0);
    expect(stdout).toMatch(/^<!doctype html>/);
    expect(stdout).toContain('uPlot');
    expect(stdout.replace(/<script>[\s\S]*?<\/script>/g, '')).not.toMatch(/(src|href)=|url\(/);
  });

  it('names what it cannot read on one line each, reads the rest and fails', () => {
    const foreign = join(folder, '..', `${Date.now()}-foreign`);
    writeFileSync(foreign, 'Sat Nov 21 01:08:14 2026; ******** IP traffic monitor started ********\n');
    const { status, stdout, stderr } = report(log(), foreign, join(folder, 'none.log'), '--text');
    rmSync(foreign);
    expect(status).toBe(1);
    expect(stdout).toContain('TOP SOURCES');
    const lines = stderr.trimEnd().split('\n').sort();
    expect(lines).toHaveLength(2);
    expect(lines[0]).toMatch(/^iptraf-ts: cannot read log .*-foreign: it is a log of iptraf-ng/);
    expect(lines[1]).toMatch(/^iptraf-ts: cannot read log .*none\.log: no such file or directory/);
  });

  it('prints no report where it could read nothing', () => {
    const { status, stdout, stderr } = report(join(folder, 'none.log'));
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
    expect(stderr).toMatch(/^iptraf-ts: cannot read log .*none\.log: no such file or directory\n$/);
  });

  it.each([
    [['--text', '--html'], /only one of them/],
    [['--from', '2026-01-02', '--to', '2026-01-01'], /no time between them/],
    [['--every', '1'], /does not go with report/],
  ])('refuses %s as wrong use', (args, cause) => {
    const { status, stderr } = report(log(), ...args);
    expect(status).toBe(2);
    expect(stderr).toMatch(cause);
  });

  it('ends quietly when its reader goes away, and with its signal when it is interrupted', async () => {
    const piped = spawnSync(
      'bash',
      [
        '-c',
        `"$0" "$1" report "$2" --csv --limit 0 | head -1; echo "\${PIPESTATUS[0]}"`,
        process.execPath,
        PROGRAM,
        log(),
      ],
      {
        encoding: 'utf8',
      },
    );
    expect(piped.stderr).toBe('');
    expect(piped.stdout.trimEnd().split('\n').at(-1)).toBe('0');
    // It waits for a log that never comes.
    const child = spawn(process.execPath, [PROGRAM, 'report', '-'], { stdio: ['pipe', 'ignore', 'pipe'] });
    const ended = new Promise((resolve) => child.on('exit', (_, signal) => resolve(signal)));
    const title = (): boolean => readFileSync(`/proc/${child.pid}/cmdline`, 'utf8').startsWith('iptraf-ts');
    while (!title()) await new Promise((resolve) => setTimeout(resolve, 20));
    child.kill('SIGINT');
    expect(await ended).toBe('SIGINT');
  });
});
