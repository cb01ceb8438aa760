import { chmodSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { READY_MADE } from '../../../filters/ready-made.ts';
import { runCommand } from '../../../src/cli/commands.ts';
import { parseArguments } from '../../../src/cli/parse.ts';
import { CommandStage } from '../../support/command-stage.ts';

const MIXED = resolve(import.meta.dirname, '../../fixtures/mixed.pcapng');

const stage = new CommandStage('filter');
const filter = (...words: string[]): Promise<string> => stage.run(...words);
const failure = (...words: string[]): Promise<{ message: string; status: number }> => stage.failure(...words);
let path: string;

beforeEach(() => {
  path = join(stage.folder, 'filters.json');
});

const stored = (): unknown => JSON.parse(readFileSync(path, 'utf8')).filters;

const MINE = ['mine', 'exclude own-session', 'include tcp to any port 80, 443'];
const MINE_RULES = [
  { action: 'exclude', ownSession: true },
  { action: 'include', destination: { port: '80,443' }, protocol: 'tcp' },
];

describe('filter list and show', () => {
  it('print every filter with its rules, and where it comes from', async () => {
    await filter('add', ...MINE, '--description', 'the web without me');
    const lines = (await filter('list')).trimEnd().split('\n');
    expect(lines[0]).toMatch(/^name +rules +kind +description$/);
    expect(lines[1]).toMatch(/^mine +2 +own +the web without me$/);
    expect(lines).toHaveLength(READY_MADE.length + 2);
    expect(lines.at(-1)).toMatch(/^web +2 +ready-made +HTTP and HTTPS/);
    expect(await filter()).toBe(await filter('list'));
    expect(await filter('show', 'mine')).toBe(
      [
        `mine (in ${path}): the web without me`,
        '  1  exclude own-session',
        '  2  include tcp to any port 80,443',
        '  -  packets that no rule matches are dropped',
        '',
      ].join('\n'),
    );
    expect(await filter('show', 'not-my-ssh')).toContain('not-my-ssh (comes with the program): Everything but');
    expect(await filter('show', 'not-my-ssh')).toContain('packets that no rule matches are kept');
    expect((await filter('names')).split('\n').filter((name) => name !== '')).toEqual([
      'mine',
      ...READY_MADE.map(({ name }) => name),
    ]);
  });

  it('give a shell the names without moving a file that is being edited', async () => {
    writeFileSync(path, '{');
    expect(await filter('names')).toBe(READY_MADE.map(({ name }) => `${name}\n`).join(''));
    expect([readdirSync(stage.folder), stage.complaints]).toEqual([['filters.json'], []]);
    expect(await filter('list')).not.toContain('own');
    expect(stage.complaints[0]).toContain('is damaged and was moved to');
  });

  it('print JSON', async () => {
    await filter('add', ...MINE);
    const lines = (await filter('list', '--json')).trimEnd().split('\n');
    expect(lines).toHaveLength(READY_MADE.length + 1);
    const first = { name: 'mine', description: '', rules: MINE_RULES, unmatched: 'drop', readyMade: false };
    expect(JSON.parse(lines[0])).toEqual(first);
    expect(JSON.parse(await filter('show', 'mine', '--json'))).toEqual(first);
  });

  it.each([
    [
      ['show', 'nosuch'],
      /^cannot use filter "nosuch": there is no filter of that name; there are broadcast, .*, web \(/,
    ],
    [['nosuch'], /^cannot use filter nosuch: there is no such command \(there are filter list, .*import-iptraf-ng\)$/],
    [['show'], /^cannot use filter show: say filter show NAME/],
    [['list', '-r', 'x'], /^cannot use -r: it does not go with filter list/],
  ])('answer %j with one line, wrong use', async (words, expected) => {
    const { message, status } = await failure(...words);
    expect(message).toMatch(expected);
    expect(status).toBe(2);
  });
});

describe('filter add and remove', () => {
  it('make a filter and take it away', async () => {
    expect(await filter('add', ...MINE)).toBe(`filter mine is in ${path}\n`);
    expect(stored()).toEqual([{ name: 'mine', description: '', rules: MINE_RULES }]);
    expect(await filter('remove', 'mine')).toBe('filter mine is removed\n');
    expect(stored()).toEqual([]);
  });

  it.each([
    [['mine', 'include'], 'cannot use filter "mine": it is there already (filter edit mine, or filter remove mine)'],
    [['web', 'include'], 'cannot use filter "web": it comes with the program (filter edit web changes it)'],
    [[' x', 'include'], 'cannot use filter " x": no blanks at its ends'],
    [['x', 'allow tcp'], 'cannot use rule "allow tcp": a rule begins with include or exclude (each rule in quotes'],
    [['x', 'include', 'tcp', 'to', 'any'], 'cannot use rule "tcp": a rule begins with include or exclude'],
    [['x', 'include to any port 99999'], 'cannot use rule "include to any port 99999": '],
    [['x'], 'cannot use filter add x: say filter add NAME RULE...'],
    [['x', 'include', '--description', 'a\nb'], 'cannot use --description: printable characters only'],
  ])('refuse %j', async (words, expected) => {
    await filter('add', 'mine', 'include tcp');
    const { message, status } = await failure('add', ...words);
    expect(message.startsWith(expected), message).toBe(true);
    expect(status).toBe(2);
    expect(stored()).toHaveLength(1);
  });

  it('do not remove what is not stored', async () => {
    expect(await failure('remove', 'web')).toEqual({
      message: 'cannot use filter "web": it comes with the program (only your own can be removed)',
      status: 2,
    });
    const { message, status } = await failure('remove', 'nope');
    expect(message).toMatch(/^cannot use filter "nope": there is no filter of that name; there are broadcast, /);
    expect(status).toBe(2);
  });
});

describe('filter edit', () => {
  /** An editor that carries out a shell script on the file "$1". */
  function editor(script: string): void {
    const program = join(stage.folder, 'editor');
    writeFileSync(program, `#!/bin/sh\n${script}\n`);
    chmodSync(program, 0o755);
    vi.stubEnv('VISUAL', `${program} --wait`);
  }

  const edit = (script: string): void => editor(`[ "$1" = --wait ] && shift; ${script}`);

  it('saves what was changed, also a new name, and a ready-made one as an own', async () => {
    await filter('add', ...MINE);
    edit(`sed -i 's/"name": "mine"/"name": "ours"/; s/80,443/8080/' "$1"`);
    expect(await filter('edit', 'mine')).toBe(`filter ours is in ${path}\n`);
    expect(await filter('show', 'ours')).toContain('include tcp to any port 8080\n');
    edit(`sed -i 's/"port": "22"/"port": "2222"/' "$1"`);
    await filter('edit', 'ssh');
    expect(await filter('show', 'ssh')).toContain(`ssh (in ${path})`);
    expect(await filter('remove', 'ssh')).toBe('filter ssh is as it comes with the program again\n');
    expect(await filter('show', 'ssh')).toContain('port 22\n');
  });

  it('does nothing where nothing was changed', async () => {
    edit('true');
    expect(await filter('edit', 'web')).toBe('filter web stays as it was\n');
    expect(readdirSync(stage.folder)).toEqual(['editor']);
  });

  it('names what is wrong by line, changes nothing, and keeps what was written', async () => {
    await filter('add', ...MINE);
    edit(`sed -i 's/80,443/80-70/; s/"exclude"/"deny"/' "$1"`);
    const { message, status } = await failure('edit', 'mine');
    const kept = /what you wrote is in (.*)\)$/.exec(message)?.[1] as string;
    expect(message).toBe(`cannot edit filter mine: it has faults (nothing was changed; what you wrote is in ${kept})`);
    expect(status).toBe(1);
    expect(readFileSync(kept, 'utf8')).toContain('80-70');
    rmSync(resolve(kept, '..'), { recursive: true });
    expect(stage.complaints).toEqual([
      'iptraf-ts: line 6: /rules/0/action must be one of include, exclude\n',
      'iptraf-ts: line 12: /rules/1/destination/port: 80-70: the smaller number first\n',
    ]);
    expect(stored()).toEqual([{ name: 'mine', description: '', rules: MINE_RULES }]);
    edit('exit 3');
    expect((await failure('edit', 'mine')).message).toMatch(
      /^cannot edit filter mine: the editor .*editor --wait ended with status 3 \(nothing was changed\)$/,
    );
    edit('rm "$1"');
    expect(await failure('edit', 'mine')).toEqual({
      message: 'cannot edit filter mine: the editor has removed the file (nothing was changed)',
      status: 1,
    });
  });
});

describe('filter test', () => {
  it('says which rule decided how much', async () => {
    await filter('add', 'some', 'exclude tcp to any port 22', 'include tcp', 'include udp');
    const lines = (await filter('test', 'some', '-r', MIXED)).trimEnd().split('\n');
    expect(lines[0]).toBe('rule  packets   share  IP bytes  what it says');
    expect(lines[1]).toMatch(/^ {3}1 +47 +6\.6 % +\d+ {2}exclude tcp to any port 22$/);
    expect(lines[4]).toMatch(/^ {3}- +\d+ +\d+\.\d % +\d+ {2}no rule: dropped$/);
    const json = (await filter('test', 'some', '-r', MIXED, '--json')).trimEnd().split('\n');
    const counts = json.map((line) => JSON.parse(line));
    expect(counts[0]).toMatchObject({ rule: 1, action: 'exclude', text: 'exclude tcp to any port 22', packets: 47 });
    expect(counts[3]).toMatchObject({ rule: null, action: 'drop' });
    expect(counts.reduce((sum, { packets }) => sum + packets, 0)).toBe(710);
    expect(counts.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1);
  });

  it('says what it needs, and what is wrong', async () => {
    expect((await failure('test', 'web')).message).toBe(
      'cannot use filter test web: it needs packets (name a capture file: -r FILE)',
    );
    expect(await failure('test', 'web', '-r', '/nowhere/x')).toMatchObject({ status: 1 });
    await filter('add', 'incoming', 'include incoming');
    expect(await failure('test', 'incoming', '-r', MIXED)).toMatchObject({ status: 2 });
    const text = await filter('test', 'incoming', '-r', MIXED, '--local', '10.77.0.2');
    expect(text).toMatch(/^ {3}1 +[1-9]\d* /m);
    const cut = join(stage.folder, 'cut.pcapng');
    writeFileSync(cut, readFileSync(MIXED).subarray(0, 30_001));
    expect(await runCommand(parseArguments(['filter', 'test', 'web', '-r', cut]))).toMatchObject({ status: 1 });
    expect(stage.complaints.at(-1)).toContain('cut.pcapng');
  });
});

describe('filter export and import', () => {
  it('carry one filter to another machine', async () => {
    await filter('add', ...MINE);
    const text = await filter('export', 'mine');
    expect(JSON.parse(text)).toEqual({
      format: 'iptraf-ts-filter',
      version: 1,
      filter: { name: 'mine', description: '', rules: MINE_RULES },
    });
    const file = join(stage.folder, 'mine.json');
    expect(await filter('export', 'mine', file)).toBe('');
    expect(readFileSync(file, 'utf8')).toBe(text);
    expect((await failure('import', file)).message).toBe(
      'cannot save filter mine: there is a filter of that name already (give it another name)',
    );
    await filter('remove', 'mine');
    expect(await filter('import', file)).toBe(`filter mine is now in ${path}\n`);
    expect(await filter('export', 'mine')).toBe(text);
  });

  it.each([
    ['', 'line 1: the file is empty'],
    ['{"format": "iptraf-ts-filter", "version": 2}', 'a newer version of the program wrote it (export version 2)'],
    [
      '{"format": "iptraf-ts-filter", "version": 1, "filter": {"name": "a", "description": "",\n"rules": [{"action": "include",\n"source": {"port": "x"}}]}}',
      'line 3: /filter/rules/0/source/port: x is no port (0-65535, 80-90)',
    ],
  ])('name everything that is wrong: %j', async (text, problems) => {
    const file = join(stage.folder, 'wrong.json');
    writeFileSync(file, text);
    expect(await failure('import', file)).toEqual({
      message: `cannot import ${file}: ${problems} (nothing was changed)`,
      status: 1,
    });
  });

  it("take iptraf-ng's filters, with what is to be known about them", async () => {
    const theirs = resolve(import.meta.dirname, '../../fixtures/iptraf-ng');
    expect(await filter('import-iptraf-ng', theirs)).toBe(
      `these filters are now in ${path}; iptraf-ng let IPv6 pass them all; here they decide it too\nWeb and more\nHidden things\n`,
    );
    expect(stage.complaints).toHaveLength(2);
    expect(stage.complaints[0]).toContain('10.0.0.9 had no mask there, which matches every address');
    expect(await filter('import-iptraf-ng', theirs)).toBe(`no filter was added to ${path}\n`);
    expect(stage.complaints.at(-1)).toBe(
      'iptraf-ts: filter Hidden things is left out: there is one of that name already\n',
    );
  });
});
