import { describe, expect, it } from 'vitest';
import type { Filter, FilterRule } from '../../../filters/filter.ts';
import type { PreparedFilter } from '../../../filters/prepared.ts';
import { OperatorError } from '../../../src/base/errors.ts';
import { AppliedFilter } from '../../../src/cli/filters/applied-filter.ts';
import type { OwnSession } from '../../../src/cli/filters/own-session.ts';
import { type PrepareContext, prepareFilter } from '../../../src/cli/filters/prepare-filter.ts';
import { parseArguments } from '../../../src/cli/parse.ts';
import { addressText, parseAddress } from '../../../src/wire/address.ts';
import { LINKTYPE } from '../../../src/wire/numbers.ts';

const endpoint = (address: string, port: number) => ({ address: parseAddress(address) as Uint32Array, port });
const session: OwnSession = { client: endpoint('192.0.2.7', 4000), server: endpoint('192.0.2.1', 22) };

const context: PrepareContext = {
  tellsDirection: true,
  tellsInterface: true,
  local: [],
  snaplen: 256,
  session: () => session,
  resolve: async (host) => {
    if (host === 'both.example') return ['192.0.2.9', '2001:db8::9'];
    throw Object.assign(new Error(`getaddrinfo ENOTFOUND ${host}`), { code: 'ENOTFOUND' });
  },
};

function filterOf(...rules: FilterRule[]): Filter {
  return { name: 'x', description: '', rules };
}

async function ruleOf(rule: FilterRule, changes: Partial<PrepareContext> = {}) {
  return (await prepareFilter(filterOf(rule), { ...context, ...changes })).prepared.rules[0];
}

async function refusalOf(filter: Filter, changes: Partial<PrepareContext> = {}): Promise<string> {
  const error = await prepareFilter(filter, { ...context, ...changes }).then(
    () => null,
    (reason: unknown) => reason,
  );
  if (!(error instanceof OperatorError)) throw error;
  expect(error).toMatchObject({ code: 'E_FILTER', exitStatus: 2 });
  expect(error.message).not.toContain('\n');
  return error.message;
}

const words = (...numbers: number[]): Uint32Array => Uint32Array.from(numbers);
const ALL = 0xffff_ffff;

describe('a filter made ready', () => {
  it('has its lists as numbers, and absent fields match everything', async () => {
    const rule = await ruleOf({
      action: 'include',
      source: { address: '10.0.0.0/8', port: '80,443' },
      protocol: 'tcp',
      vlan: 'none',
      interface: 'eth0,veth*',
      direction: 'in',
      ways: 'one',
    });
    expect(rule).toEqual({
      include: true,
      source: {
        networks: [{ family: 4, words: words(0, 0, 0xffff, 0x0a000000), mask: words(ALL, ALL, ALL, 0xff000000) }],
        macs: null,
        ports: [
          [80, 80],
          [443, 443],
        ],
      },
      destination: { networks: null, macs: null, ports: null },
      protocols: { ip: [[6, 6]], networks: [], etherTypes: [] },
      interfaces: ['eth0', 'veth*'],
      direction: 'in',
      vlans: { ranges: [], untagged: true },
      bothWays: false,
      expression: null,
    });
    expect(await ruleOf({ action: 'exclude' })).toMatchObject({ include: false, protocols: null, bothWays: true });
    expect(await ruleOf({ action: 'exclude', protocol: ' ', source: { address: '' } })).toMatchObject({
      protocols: null,
      source: { networks: null },
    });
  });

  it('has every address of a host name', async () => {
    const { source } = await ruleOf({ action: 'include', source: { address: '10.0.0.1,both.example' } });
    expect(source.networks?.map((network) => `${network.family} ${addressText(network.words, 0)}`)).toEqual([
      '4 10.0.0.1',
      '4 192.0.2.9',
      '6 2001:db8::9',
    ]);
    for (const { mask } of source.networks ?? []) expect(mask).toEqual(words(ALL, ALL, ALL, ALL));
  });

  it('asks this system for host names', async () => {
    const { source } = await ruleOf({ action: 'include', source: { address: 'localhost' } }, { resolve: undefined });
    const found = source.networks?.map(({ words: address }) => addressText(address, 0)) ?? [];
    expect(found.length).toBeGreaterThan(0);
    for (const address of found) expect(['127.0.0.1', '::1']).toContain(address);
  });

  it('has expressions for every link type', async () => {
    const { expression } = await ruleOf({ action: 'include', expression: 'ether host 02:00:00:00:00:01' });
    const of = (type: number) => expression?.programs.find(({ linkType }) => linkType === type);
    expect(of(LINKTYPE.ethernet)?.instructions?.length).toBeGreaterThan(0);
    expect(of(LINKTYPE.raw)).toMatchObject({ instructions: null, error: expect.stringContaining('ethernet') });
  });

  it('has the ssh session in place of its words', async () => {
    expect(await ruleOf({ action: 'exclude', ownSession: true })).toMatchObject({
      include: false,
      protocols: { ip: [[6, 6]] },
      source: { networks: [{ family: 4, words: session.client.address }], ports: [[4000, 4000]] },
      destination: { networks: [{ family: 4, words: session.server.address }], ports: [[22, 22]] },
      bothWays: true,
    });
  });

  it('matches nothing by its session where nobody is logged in, and says so', async () => {
    const filter = filterOf({ action: 'exclude', ownSession: true });
    const { prepared, warnings } = await prepareFilter(filter, { ...context, session: () => null });
    expect(prepared.rules[0]).toMatchObject({ source: { networks: [] }, destination: { networks: [] } });
    expect(warnings).toEqual([
      expect.stringMatching(/^filter x: rule 1 matches nothing: nobody is logged in by ssh here/),
    ]);
  });

  it('says what happens to the rest', async () => {
    const rest = async (...rules: FilterRule[]) =>
      (await prepareFilter(filterOf(...rules), context)).prepared.unmatched;
    expect(await rest({ action: 'exclude' })).toBe('keep');
    expect(await rest({ action: 'exclude' }, { action: 'include' })).toBe('drop');
  });
});

describe('what cannot be decided is refused with the reason', () => {
  const anything: FilterRule = { action: 'include' };

  it.each([
    [
      { action: 'include', source: { address: 'gone.example' } },
      'rule 2: the host name gone.example cannot be resolved (there is no such name) (write its address)',
    ],
    [{ action: 'include', process: 'curl' }, 'rule 2: process names are not known here'],
    [{ action: 'include', expression: 'tcp prt 80' }, 'rule 2: '],
    [{ action: 'include', destination: { port: '70000' } }, 'rule 2, destination port: '],
  ] as [FilterRule, string][])('%j', async (rule, cause) => {
    const message = await refusalOf(filterOf(anything, rule));
    expect(message.startsWith(`cannot apply filter x: ${cause}`), message).toBe(true);
  });

  it('a direction where packets do not tell theirs, but not with networks that are ours', async () => {
    const filter = filterOf({ action: 'include', direction: 'in' });
    expect(await refusalOf(filter, { tellsDirection: false })).toBe(
      'cannot apply filter x: rule 1: these packets tell no direction (say --local NET)',
    );
    const { local } = parseArguments(['-i', 'x', '--local', '10.0.0.0/8', '--local', 'fd00::/8,192.0.2.1']).values;
    const ready = await prepareFilter(filter, { ...context, tellsDirection: false, local: local ?? [] });
    expect(ready.prepared.local).toHaveLength(3);
    expect(ready.prepared.rules[0].direction).toBe('in');
  });

  it('an interface where packets do not tell theirs', async () => {
    const filter = filterOf({ action: 'include' }, { action: 'exclude', interface: 'eth*' });
    expect(await refusalOf(filter, { tellsInterface: false })).toBe(
      'cannot apply filter x: rule 2: these packets tell no interface (watch one by its name)',
    );
  });
});

describe('the filter that a run goes by', () => {
  const web = filterOf({ action: 'include', protocol: 'tcp', destination: { port: '80' } });

  function applied(filter: Filter | null, ...argv: string[]): AppliedFilter {
    return new AppliedFilter(parseArguments(['-i', 'eth0', ...argv]).values, filter, { session: () => session });
  }

  async function without(filter: Filter | null): Promise<PreparedFilter> {
    const { prepared } = await applied(filter).prepare(null, { filter, withoutOwnSession: true });
    return prepared as PreparedFilter;
  }

  it('is none where nothing is chosen', async () => {
    expect(await applied(null).prepare(null)).toEqual({ prepared: null, warnings: [] });
  });

  it('leaves out the session in front of everything else, and keeps what happens to the rest', async () => {
    expect(await without(null)).toMatchObject({
      text: 'without my ssh',
      unmatched: 'keep',
      rules: [{ include: false }],
    });
    const both = await without(web);
    expect(both).toMatchObject({ text: 'x, without my ssh', unmatched: 'drop' });
    expect(both.rules.map(({ include }) => include)).toEqual([false, true]);
  });

  it('does not leave out a session that is not there', async () => {
    const nobody = new AppliedFilter(parseArguments(['-i', 'x']).values, null, { session: () => null });
    await expect(nobody.prepare(null, { filter: null, withoutOwnSession: true })).rejects.toThrow(
      /^cannot leave out my ssh session: nobody is logged in by ssh here/,
    );
  });

  it('knows which captures tell directions', async () => {
    const incoming = filterOf({ action: 'include', direction: 'in' });
    const monitor = 'ip-traffic' as const;
    const eth0 = { monitor, interfaces: ['eth0'] };
    const all = { monitor, interfaces: 'all' as const };
    const file = { monitor, file: 'x.pcap' };
    for (const what of [null, eth0, all]) await applied(incoming).prepare(what);
    await applied(incoming, '--capture', 'pcap').prepare(all);
    await expect(applied(incoming, '--capture', 'pcap').prepare(eth0)).rejects.toThrow('--local NET');
    await expect(applied(incoming).prepare(file)).rejects.toThrow('--local NET');
    await applied(incoming, '--local', '10.0.0.0/8').prepare(file);
  });

  it('knows which captures tell interfaces: all but that of libpcap on every one', async () => {
    const onEth0 = filterOf({ action: 'include', interface: 'eth0' });
    const monitor = 'ip-traffic' as const;
    const eth0 = { monitor, interfaces: ['eth0'] };
    const all = { monitor, interfaces: 'all' as const };
    for (const what of [null, eth0, all, { monitor, file: 'x.pcap' }]) await applied(onEth0).prepare(what);
    await applied(onEth0, '--capture', 'pcap').prepare(eth0);
    await expect(applied(onEth0, '--capture', 'pcap').prepare(all)).rejects.toThrow('these packets tell no interface');
    const fallenBack = applied(onEth0);
    fallenBack.throughPcap = true;
    await fallenBack.prepare(eth0);
    await expect(fallenBack.prepare(all)).rejects.toThrow('these packets tell no interface');
  });
});
