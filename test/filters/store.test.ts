import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Filter } from '../../filters/filter.ts';
import { allFilters, filterNamed, READY_MADE } from '../../filters/ready-made.ts';
import { filterListProblems } from '../../filters/schema.ts';
import { FilterStore } from '../../filters/store.ts';

let folder: string;
let path: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'iptraf-ts-filters-'));
  path = join(folder, 'filters.json');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const web: Filter = {
  name: 'my web',
  description: 'ours',
  rules: [{ action: 'include', protocol: 'tcp', destination: { port: '80' } }],
};

const stored = (): unknown => JSON.parse(readFileSync(path, 'utf8'));

describe('the store of filters', () => {
  it('begins empty, and writes what a hand can edit', async () => {
    expect(await new FilterStore(path).read()).toEqual([]);
    expect(readdirSync(folder)).toEqual([]);
    await new FilterStore(path).save({ ...web, unmatched: undefined }, null);
    expect(stored()).toEqual({ version: 1, filters: [web] });
    expect(readFileSync(path, 'utf8')).toContain('\n      "name": "my web",\n');
    expect(await new FilterStore(path).read()).toEqual([web]);
  });

  it('replaces a filter, also under another name, where it stands', async () => {
    const store = new FilterStore(path);
    const other: Filter = { name: 'other', description: '', rules: [] };
    await store.save(web, null);
    await store.save(other, null);
    await store.save({ ...web, name: 'mine' }, 'my web', web);
    expect(await store.read()).toEqual([{ ...web, name: 'mine' }, other]);
  });

  it('does not take the name of another filter', async () => {
    const store = new FilterStore(path);
    await store.save(web, null);
    await store.save({ ...web, name: 'other' }, null);
    const cause = 'cannot save filter my web: there is a filter of that name already (give it another name)';
    await expect(store.save({ ...web, description: 'new' }, null)).rejects.toThrow(cause);
    await expect(store.save(web, 'other')).rejects.toThrow(cause);
    expect(await store.read()).toEqual([web, { ...web, name: 'other' }]);
  });

  it('does not overwrite what another has made of a filter meanwhile', async () => {
    const theirs = { ...web, description: 'changed by another' };
    const store = new FilterStore(path);
    await store.save(web, null);
    await new FilterStore(path).save(theirs, web.name, web);
    await expect(store.save({ ...web, description: 'changed by us' }, web.name, web)).rejects.toThrow(
      'cannot save filter my web: it was changed meanwhile by another (give it another name)',
    );
    expect(await store.read()).toEqual([theirs]);
  });

  it('removes a filter, and says what it cannot remove', async () => {
    const store = new FilterStore(path);
    await store.save(web, null);
    await store.remove(web.name);
    expect(stored()).toEqual({ version: 1, filters: [] });
    await expect(store.remove(web.name)).rejects.toThrow('cannot remove filter my web: there is none of that name');
    await expect(store.remove('web')).rejects.toThrow(
      'cannot remove filter web: it comes with the program, and none is stored in its place',
    );
  });

  it('adds several, and leaves out those whose name is taken', async () => {
    const store = new FilterStore(path);
    await store.save(web, null);
    const other = { ...web, name: 'other' };
    expect(await store.add([{ ...web, description: 'theirs' }, other])).toEqual(['my web']);
    expect(await store.read()).toEqual([web, other]);
  });

  it('replaces all and keeps a copy of those of before', async () => {
    const store = new FilterStore(path);
    expect(await store.replaceAll([web])).toBeNull();
    const copy = await store.replaceAll([]);
    expect(JSON.parse(readFileSync(copy as string, 'utf8'))).toEqual({ version: 1, filters: [web] });
    expect(await store.read()).toEqual([]);
  });

  it.each([
    [
      { ...web, rules: [{ action: 'include', destination: { port: '80,99999' } }] },
      '/filters/0/rules/0/destination/port: ',
    ],
    [{ ...web, name: ' x' }, '/filters/0/name must be 1 to 40 characters on one line, without blanks at its ends'],
    [{ ...web, name: '' }, '/filters/0/name must be 1 to 40'],
    [{ ...web, name: 'a\u001b[2J' }, '/filters/0/name must be 1 to 40'],
    [{ ...web, rules: [{ action: 'include', expression: 'tcp\u001b' }] }, '/filters/0/rules/0/expression must be'],
    [{ ...web, unmatched: 'maybe' }, '/filters/0/unmatched must be one of drop, keep'],
  ] as [Filter, string][])('refuses to save what is wrong: %#', async (filter, problem) => {
    const store = new FilterStore(path);
    await expect(store.save(filter, null)).rejects.toThrow(`cannot change filters ${path}: ${problem}`);
    expect(await store.read()).toEqual([]);
  });
});

describe('a file that was edited by hand', () => {
  it('is set aside with every problem by path and line, also those that only reading the fields finds', async () => {
    const text = `{
  "version": 1,
  "filters": [
    {
      "name": "a",
      "description": "",
      "rules": [
        { "action": "include", "protocol": "tcpp" },
        {
          "action": "exclude",
          "source": {
            "address": "10.0.0.0/33"
          },
          "destination": { "port": "80-70", "mac": "02:00" }
        }
      ]
    },
    { "name": "b", "description": "", "rules": [] },
    {
      "name": "a",
      "description": "", "rules": [] }
  ]
}
`;
    writeFileSync(path, text);
    const store = new FilterStore(path);
    expect(await store.read()).toEqual([]);
    const [name] = readdirSync(folder);
    expect(name).toMatch(/^filters\.json\.damaged-/);
    expect(readFileSync(join(folder, name), 'utf8')).toBe(text);
    const [warning] = store.warnings;
    const problems = warning.slice(warning.indexOf(': line') + 2).split('; ');
    expect(problems.map((problem) => problem.replace(/(: \S+): .*/, '$1'))).toEqual([
      'line 8: /filters/0/rules/0/protocol',
      'line 12: /filters/0/rules/1/source/address',
      'line 14: /filters/0/rules/1/destination/mac',
      'line 14: /filters/0/rules/1/destination/port',
      'line 20: /filters/2/name',
    ]);
    expect(problems[4]).toBe('line 20: /filters/2/name: another filter is called a');
  });

  it('says what the schema refuses in the same way', async () => {
    writeFileSync(path, '{"version": 1, "filters": [\n{"name": "a", "rules": [\n{"action": "deny"}]}]}');
    const store = new FilterStore(path);
    await store.read();
    expect(store.warnings[0]).toContain("line 2: /filters/0 must have required property 'description'");
    expect(store.warnings[0]).toContain('line 3: /filters/0/rules/0/action must be one of include, exclude');
  });

  it('says what the fields say wrong also where the schema refuses something', async () => {
    const text = `{"version": 1, "filters": [
{"name": "a", "description": "", "rules": [
{"action": "deny", "source": {"port": "70000", "address": 5}},
{"action": "include", "protocol": "bogus"}, 7]},
{"name": "a", "rules": {}},
null]}`;
    writeFileSync(path, text);
    const store = new FilterStore(path);
    await store.read();
    const [warning] = store.warnings;
    const problems = warning.slice(warning.indexOf(': line') + 2).split('; ');
    expect(problems.map((problem) => /^line \d+: \S+/.exec(problem)?.[0]).sort()).toEqual([
      'line 3: /filters/0/rules/0/action',
      'line 3: /filters/0/rules/0/source/address',
      'line 3: /filters/0/rules/0/source/port:',
      'line 4: /filters/0/rules/1/protocol:',
      'line 4: /filters/0/rules/2',
      'line 5: /filters/1',
      'line 5: /filters/1/name:',
      'line 5: /filters/1/rules',
      'line 6: /filters/2',
    ]);
  });

  it('that cannot be read leaves a screen with the filters of the program', async () => {
    writeFileSync(path, '{"version": 2}');
    const store = new FilterStore(path);
    await expect(store.read()).rejects.toThrow('newer version');
    expect(await store.readOrNone()).toEqual([]);
    expect(store.warnings[0]).toContain('newer version');
    expect(store.warnings[0]).toContain('only the filters of the program are there');
  });
});

describe('the filters that come with the program', () => {
  it('are sound, each with one line of description, in the order of the alphabet', () => {
    expect(filterListProblems(READY_MADE, [])).toEqual([]);
    const names = READY_MADE.map(({ name }) => name);
    expect(names).toEqual(['broadcast', 'databases', 'dns', 'icmp', 'mail', 'not-my-ssh', 'ssh', 'web']);
    for (const { description } of READY_MADE) expect(description).toMatch(/^[A-Z].{10,110}[^.]$/);
  });

  it('stand behind the stored ones, and give their place to one of the same name', () => {
    const ours = { ...web, name: 'web' };
    const zebra = { ...web, name: 'zebra' };
    const all = allFilters([zebra, ours]);
    expect(all.map(({ filter, readyMade }) => `${filter.name} ${readyMade}`)).toEqual([
      'web false',
      'zebra false',
      ...READY_MADE.filter(({ name }) => name !== 'web').map(({ name }) => `${name} true`),
    ]);
    expect(filterNamed('web', [ours])?.filter).toBe(ours);
    expect(filterNamed('web', [])).toMatchObject({ readyMade: true });
    expect(filterNamed('zebra', [])).toBeNull();
  });
});
