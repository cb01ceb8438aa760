import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Filter } from '../../../filters/filter.ts';
import type { PreparedFilter } from '../../../filters/prepared.ts';
import { FilterStore } from '../../../filters/store.ts';
import { AppliedFilter } from '../../../src/cli/filters/applied-filter.ts';
import { Filters } from '../../../src/cli/filters/filters.ts';
import { parseArguments } from '../../../src/cli/parse.ts';
import type { Watched } from '../../../src/cli/plan.ts';
import type { EngineClient } from '../../../src/engine/engine-client.ts';
import { parseAddress } from '../../../src/wire/address.ts';

let folder: string;
let path: string;
let warnings: string[];
/** What the engine was told, by the text of the filter. */
let told: string[];
let restarts: string[];
let applied: AppliedFilter;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'iptraf-ts-control-'));
  path = join(folder, 'filters.json');
  warnings = [];
  told = [];
  restarts = [];
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const eth0: Watched = { monitor: 'ip-traffic', interfaces: ['eth0'] };

function control(watched: Watched | null, logsIn = true): Filters {
  const word = (verb: string) => async (filter: PreparedFilter | null) => {
    told.push(`${verb} ${filter?.text ?? 'nothing'} ${filter?.unmatched ?? ''}`.trim());
  };
  const probe = { seconds: 2, matched: 3, seen: 10, exact: true };
  const engine = { setFilter: word('set'), probeFilter: word('probe'), readProbe: async () => probe };
  const endpoint = { address: parseAddress('192.0.2.1') as Uint32Array, port: 22 };
  applied = new AppliedFilter(parseArguments(['-i', 'eth0']).values, null, {
    session: () => (logsIn ? { client: endpoint, server: endpoint } : null),
  });
  return new Filters({
    applied,
    link: { watched, engine: Promise.resolve(engine as unknown as EngineClient) },
    restart: async () => {
      restarts.push(applied.choice.filter?.name ?? 'none');
    },
    warn: (line) => warnings.push(line),
    store: new FilterStore(path),
  });
}

const mine: Filter = { name: 'mine', description: '', rules: [{ action: 'include', protocol: 'tcp' }] };
const names = (filters: Filters): string[] => filters.list().map(({ filter }) => filter.name);

describe('filters as the screens use them', () => {
  it('are listed with those that come with the program, and read again when the file was changed by hand', async () => {
    const filters = control(eth0);
    await filters.settled();
    expect(names(filters)).toContain('web');
    expect(names(filters)).not.toContain('mine');
    writeFileSync(path, JSON.stringify({ version: 1, filters: [mine] }));
    filters.list();
    await filters.settled();
    expect(filters.list()[0]).toEqual({ filter: mine, readyMade: false });
    writeFileSync(path, '{');
    filters.list();
    await filters.settled();
    expect(names(filters)).not.toContain('mine');
    expect(warnings).toEqual([expect.stringContaining('is damaged and was moved to')]);
  });

  it('are those of the program where the file cannot be looked at, and a warning says why', async () => {
    symlinkSync(path, path);
    const filters = control(eth0);
    await filters.settled();
    expect(names(filters)).toContain('web');
    expect(warnings).toEqual([expect.stringMatching(/^cannot read filters .*: too many symbolic links/)]);
  });

  it('are applied, kept for the next capture, and taken away', async () => {
    const filters = control(eth0);
    expect(filters.active).toBeNull();
    expect(await filters.carryOut({ type: 'apply', filter: mine })).toBe('filter mine applies');
    expect(filters.active).toBe('mine');
    expect((await applied.prepare(eth0)).prepared?.text).toBe('mine');
    expect(await filters.carryOut({ type: 'apply', filter: null })).toBe('no filter applies');
    expect(filters.active).toBeNull();
    expect(told).toEqual(['set mine drop', 'set nothing']);
  });

  it('are chosen in the menu for the capture that comes', async () => {
    const filters = control(null);
    expect(filters.capturing).toBe(false);
    await filters.carryOut({ type: 'apply', filter: mine });
    expect(told).toEqual([]);
    expect(filters.active).toBe('mine');
  });

  it('that cannot be applied leave everything as it was', async () => {
    const filters = control(eth0);
    await filters.carryOut({ type: 'apply', filter: mine });
    const process: Filter = { ...mine, name: 'p', rules: [{ action: 'include', process: 'curl' }] };
    await expect(filters.carryOut({ type: 'apply', filter: process })).rejects.toThrow('process names are not known');
    expect(filters.active).toBe('mine');
    expect(told).toEqual(['set mine drop']);
    const incoming: Filter = { ...mine, name: 'in', rules: [{ action: 'include', direction: 'in' }] };
    await filters.probe(incoming);
    applied.throughPcap = true;
    await expect(filters.probe(incoming)).rejects.toThrow('rule 1: these packets tell no direction (say --local NET)');
    const all: Watched = { ...eth0, interfaces: 'all' };
    expect((await applied.prepare(all, { filter: incoming, withoutOwnSession: false })).prepared?.text).toBe('in');
  });

  it('are one expression that is typed, edited and taken away while traffic is counted', async () => {
    const filters = control(eth0);
    expect(filters.expression).toBeNull();
    const apply = (text: string) => filters.carryOut({ type: 'apply-expression', text });
    expect(await apply('port 80')).toBe('only "port 80" is counted');
    expect([filters.expression, filters.active]).toEqual(['port 80', 'port 80']);
    const long = Array.from({ length: 30 }, (_, i) => `port ${i + 1}`).join(' or ');
    await apply(` ${long} `);
    expect(filters.expression).toBe(long);
    await expect(apply('port eighty')).rejects.toThrow(
      /^cannot use capture expression "port eighty": (?!.*rule).*eighty/,
    );
    expect(filters.expression).toBe(long);
    expect(await apply('  ')).toBe('no filter applies');
    expect([filters.expression, filters.active]).toEqual([null, null]);
    expect(told).toEqual(['set port 80 drop', `set ${long} drop`, 'set nothing']);
    // A filter of the list that is more than an expression takes its place, and has none to edit.
    await filters.carryOut({ type: 'apply', filter: mine });
    expect(filters.expression).toBeNull();
    const stored: Filter = { ...mine, rules: [{ action: 'include', expression: 'port 53' }] };
    await filters.carryOut({ type: 'apply', filter: stored });
    expect(filters.expression).toBe('port 53');
  });

  it('leave out the ssh session by one request and count it again by the next', async () => {
    const filters = control(eth0);
    expect(await filters.carryOut({ type: 'toggle-own-session' })).toBe('your ssh session is left out');
    expect(filters.withoutOwnSession).toBe(true);
    await filters.carryOut({ type: 'apply', filter: mine });
    expect(await filters.carryOut({ type: 'toggle-own-session' })).toBe('your ssh session is counted again');
    expect(told).toEqual(['set without my ssh keep', 'set mine, without my ssh drop', 'set mine drop']);
    await expect(control(eth0, false).carryOut({ type: 'toggle-own-session' })).rejects.toThrow('nobody is logged in');
  });

  it('are saved, and hold at once where they apply', async () => {
    const filters = control(eth0);
    expect(await filters.carryOut({ type: 'save', filter: mine, replaces: null })).toBe('filter mine is saved');
    expect(names(filters)[0]).toBe('mine');
    await filters.carryOut({ type: 'apply', filter: mine });
    const renamed: Filter = { ...mine, name: 'ours', unmatched: 'keep' };
    const said = await filters.carryOut({ type: 'save', filter: renamed, replaces: 'mine' });
    expect(said).toBe('filter ours is saved and applies');
    expect(filters.active).toBe('ours');
    expect(told).toEqual(['set mine drop', 'set ours keep']);
    expect(JSON.parse(readFileSync(path, 'utf8')).filters).toEqual([renamed]);
  });

  it('that are saved but cannot be applied say so, and the capture goes on with the old one', async () => {
    const filters = control(eth0);
    await filters.carryOut({ type: 'save', filter: mine, replaces: null });
    await filters.carryOut({ type: 'apply', filter: mine });
    const process: Filter = { ...mine, rules: [{ action: 'include', process: 'curl' }] };
    const said = await filters.carryOut({ type: 'save', filter: process, replaces: 'mine' });
    expect(said).toBe(
      'filter mine is saved, but applies as it was: cannot apply filter mine: rule 1: process names are not known here',
    );
    expect(told).toEqual(['set mine drop']);
  });

  it('that another instance has changed meanwhile are not overwritten', async () => {
    const filters = control(eth0);
    await filters.carryOut({ type: 'save', filter: mine, replaces: null });
    const other = new FilterStore(path);
    await other.save({ ...mine, description: 'theirs' }, 'mine');
    const request = { type: 'save', filter: { ...mine, description: 'ours' }, replaces: 'mine' } as const;
    await expect(filters.carryOut(request)).rejects.toThrow('it was changed meanwhile by another');
    expect((await other.read())[0].description).toBe('theirs');
    // The list shows theirs by now, but the operator had opened the old one.
    filters.list();
    await filters.settled();
    await expect(filters.carryOut({ ...request, opened: mine })).rejects.toThrow('it was changed meanwhile');
    const [theirs] = await other.read();
    expect(await filters.carryOut({ ...request, opened: theirs })).toBe('filter mine is saved');
  });

  it('are removed, which gives those of the program back', async () => {
    const filters = control(eth0);
    const web = { ...mine, name: 'web' };
    await filters.carryOut({ type: 'save', filter: web, replaces: 'web' });
    expect(filters.list().find(({ filter }) => filter.name === 'web')).toEqual({ filter: web, readyMade: false });
    await filters.carryOut({ type: 'apply', filter: web });
    expect(await filters.carryOut({ type: 'remove', name: 'web' })).toBe(
      'filter web is as it comes with the program again; it still applies',
    );
    await filters.carryOut({ type: 'save', filter: mine, replaces: null });
    expect(await filters.carryOut({ type: 'remove', name: 'mine' })).toBe('filter mine is removed');
    await expect(filters.carryOut({ type: 'remove', name: 'mine' })).rejects.toThrow('there is none of that name');
  });

  it('are tried out beside the capture', async () => {
    const filters = control(eth0);
    await filters.carryOut({ type: 'toggle-own-session' });
    await filters.probe(mine);
    expect(await filters.readProbe()).toEqual({ seconds: 2, matched: 3, seen: 10, exact: true });
    await filters.probe(null);
    expect(told.slice(1)).toEqual(['probe mine, without my ssh drop', 'probe nothing']);
    await expect(filters.probe({ ...mine, rules: [{ action: 'include', process: 'x' }] })).rejects.toThrow('process');
  });

  it('have a file read again, but not standard input', async () => {
    const filters = control({ monitor: 'ip-traffic', file: 'x.pcap' });
    await filters.carryOut({ type: 'apply', filter: mine });
    await filters.carryOut({ type: 'apply-expression', text: 'port 80' });
    expect([restarts, told]).toEqual([['mine', 'port 80'], []]);
    const piped = control({ monitor: 'ip-traffic', file: '-' });
    await expect(piped.carryOut({ type: 'apply', filter: mine })).rejects.toThrow(
      'cannot apply filter mine: standard input can be read only once (start again with --filter NAME, or read a file)',
    );
    expect(piped.active).toBeNull();
  });
});
