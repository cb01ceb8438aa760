import { describe, expect, it } from 'vitest';
import { PairConversationsScreen } from '../../../screens/host-pairs/conversations.ts';
import type { HostPairOptions } from '../../../screens/host-pairs/types.ts';
import { DEFAULT_PAIRS_VIEW } from '../../../screens/host-pairs/view.ts';
import type { Reaction } from '../../../screens/kit/screen.ts';
import { LiteralPairs } from '../../support/pair-rows.ts';
import { Desk, NO_NAMES } from './desk.ts';

const optionsOf = (desk: Desk): HostPairOptions => desk.screen.queries()[0].query.options as unknown as HostPairOptions;

function last(desk: Desk): Reaction {
  return desk.reactions[desk.reactions.length - 1];
}

describe('keys of iftop', () => {
  it.each([
    ['s', 'all our hosts together', { ours: { hidden: true } }],
    ['d', 'all their hosts together', { theirs: { hidden: true } }],
    ['S', 'our ports shown', { ours: { ports: true }, theirs: { ports: false } }],
    ['D', 'their ports shown', { ours: { ports: false }, theirs: { ports: true } }],
    ['p', 'ports shown on both sides', { ours: { ports: true }, theirs: { ports: true } }],
  ])('%s puts pairs together otherwise and says "%s"; again, and all is as before', (key, says, grouping) => {
    const desk = new Desk().press(key);
    expect(desk.said).toBe(says);
    expect(optionsOf(desk).grouping).toMatchObject(grouping);
    expect(optionsOf(desk.press(key)).grouping).toEqual(DEFAULT_PAIRS_VIEW.grouping);
  });

  it.each([
    ['1', 'rate-2s', true],
    ['2', 'rate-10s', true],
    ['3', 'rate-40s', true],
    ['<', 'source', false],
    ['>', 'destination', false],
  ])('%s orders by %s', (key, sort, descending) => {
    const desk = new Desk().press('O', 'b', key);
    expect(desk.screen.queries()[0].query).toMatchObject({ sort, descending });
    expect(desk.said).toMatch(/^by /);
  });

  it('t goes through the displays of iftop and comes back', () => {
    const desk = new Desk();
    const arrows = ['t', 't', 't', 't'].map(
      (key) =>
        desk
          .press(key)
          .line(3)
          .trim()
          .match(/<=>|=>|<=/)?.[0],
    );
    expect(arrows).toEqual(['<=>', '=>', '<=', '=>']);
    expect(desk.line(4)).toContain('<=');
  });

  it('B goes through the averages that bars show, and brings bars back', () => {
    const desk = new Desk().press('b');
    expect(desk.line(1)).toContain('Ours');
    const shown = ['B', 'B', 'B'].map((key) => /├ (\d+ s)/.exec(desk.press(key).line(1))?.[1]);
    expect(shown).toEqual(['40 s', '2 s', '10 s']);
    expect(desk.said).toBe('bars show the average over 10 s');
  });

  it('T, n, N and L change what is seen, and say so', () => {
    const names = {
      lookup: (address: string) => (address === '10.99.77.2' ? 'nas.example' : null),
      addressesMatching: () => [],
    };
    const desk = new Desk({ names });
    expect(desk.press('T').text).toContain('Bytes');
    expect(desk.press('T').text).not.toContain('Bytes');
    expect(desk.press('n').text).toContain('nas.example');
    expect(desk.press('n').text).not.toContain('nas.example');
    expect(desk.press('N').said).toBe('names of services');
    expect(desk.press('L').said).toBe('logarithmic scale');
    expect(desk.line(1)).toContain('100 Mbit/s');
  });

  it('o holds the rows and says so in the frame, also when another order is chosen', () => {
    const desk = new Desk().press('o');
    expect(optionsOf(desk).frozen).toBe(true);
    expect(desk.text).toContain('FROZEN');
    expect(desk.press('1').said).toBe('by 2 s average, once o lets rows move');
    expect(optionsOf(desk.press('o')).frozen).toBe(false);
    expect(desk.text).not.toContain('FROZEN');
  });

  it('j and k move the mark, P pauses, h helps', () => {
    const desk = new Desk().press('j', 'j', 'k');
    expect(desk.screen.queries()[0].query.follow).toBe(desk.pairs.rows[1].id);
    desk.press('P');
    expect(last(desk)).toEqual({ type: 'toggle-pause' });
    expect(desk.press('h').text).toContain('Conversations of the pair');
  });
});

describe('the order', () => {
  it('turns round when the picker chooses it again', () => {
    const desk = new Desk().press('O', '2');
    expect(desk.screen.queries()[0].query).toMatchObject({ sort: 'rate-10s', descending: false });
    expect(new Desk({ sort: 'bytes' }).screen.queries()[0].query).toMatchObject({ sort: 'bytes', descending: true });
  });
});

describe('the screen filter', () => {
  it('is taken with Enter, seen in the frame, and removed by an empty one', () => {
    const desk = new Desk().press('l', ...'^10\\.99');
    expect(optionsOf(desk).screenFilter).toBeNull();
    desk.press('ENTER');
    expect(optionsOf(desk).screenFilter).toEqual({ pattern: '^10\\.99', addresses: [], ports: [] });
    expect(desk.text).toContain('1 pair, 7 hidden by screen filter');
    expect(desk.press('l', 'CTRL_U', 'ENTER').said).toBe('no screen filter: every pair is shown');
    expect(optionsOf(desk).screenFilter).toBeNull();
  });

  it('is told when it is bad, and not applied; Esc leaves the one before', () => {
    const desk = new Desk({ view: { screenFilter: '10' } }).press('l', ...'(', 'ENTER');
    expect(desk.text).toContain('Show only: 10(');
    expect(desk.text).toContain('( without )');
    expect(desk.press('ESCAPE').text).not.toContain('Show only');
    expect(optionsOf(desk).screenFilter?.pattern).toBe('10');
  });

  it('tells the engine which addresses and ports names stand for, where names are shown', () => {
    const names = {
      ...NO_NAMES,
      addressesMatching: (isMeant: (name: string) => boolean) => (isMeant('NAS.example') ? ['10.99.77.2'] : []),
    };
    const desk = new Desk({ names, view: { screenFilter: 'nas|https' } });
    expect(optionsOf(desk).screenFilter).toMatchObject({ addresses: [], ports: [] });
    desk.press('n', 'N');
    expect(optionsOf(desk).screenFilter?.addresses).toEqual(['10.99.77.2']);
    expect(optionsOf(desk).screenFilter?.ports).toContain(443);
  });
});

describe('the capture expression', () => {
  function typed(): { desk: Desk; reaction: Extract<Reaction, { type: 'filter' }> } {
    const desk = new Desk({ expression: () => 'port 443' }).press('f', ...' or icmp', 'ENTER');
    const reaction = last(desk);
    if (reaction.type !== 'filter') throw new Error('f applies nothing');
    return { desk, reaction };
  }

  it('is asked for as it is in force, applied by the loop, and the line closes when it holds', () => {
    const { desk, reaction } = typed();
    expect(reaction.request).toEqual({ type: 'apply-expression', text: 'port 443 or icmp' });
    expect(desk.text).toContain('Capture only: port 443 or icmp');
    reaction.done?.();
    expect(desk.settle().text).not.toContain('Capture only');
  });

  it('stays open with the reason where it cannot be used, until it is edited', () => {
    const { desk, reaction } = typed();
    reaction.failed?.('syntax error');
    expect(desk.settle().text).toMatch(/Capture only: port 443 or icmp .* syntax error\n/);
    expect(desk.press('BACKSPACE').text).not.toContain('syntax error');
  });

  it('leaves letters of the screen to the text', () => {
    const desk = new Desk().press('f', ...'qxo1/');
    expect(desk.text).toContain('Capture only: qxo1/');
    expect(desk.stack).toHaveLength(1);
  });
});

describe('a threshold', () => {
  it('marks rows and counts them on the status line, wherever they stand in the order', () => {
    const desk = new Desk({ view: { threshold: 1_000_000, sort: 'source' } }).size(80, 24);
    const [page, busiest] = desk.screen.queries();
    expect(page.query.sort).toBe('source');
    // It must not let rows move that are held.
    expect(busiest.query).toMatchObject({ sort: 'rate-2s', offset: 0, options: { search: null, screenFilter: null } });
    expect(desk.line(22)).toContain('3 pairs above 1 Mbit/s');
    const marked = desk.text.split('\n').filter((line) => line.includes('! '));
    expect(marked.map((line) => line.slice(1, 15).trim())).toEqual([
      '192.168.178.20',
      '192.168.178.20',
      '2001:db8:85…2e',
    ]);
    const x = desk.line(3).indexOf('!');
    expect(desk.grid.styleAt(x, 3)).toBe('warning');
  });

  it('says nothing where nothing is above it, and asks nothing where there is none', () => {
    expect(new Desk({ view: { threshold: 1e9 } }).settle().screen.statusMark()).toBeNull();
    expect(new Desk().screen.queries()).toHaveLength(1);
  });
});

describe('the screen', () => {
  it('fits its scale to what is shown, and keeps one that was given', () => {
    const desk = new Desk().settle();
    expect(desk.line(1)).toContain('20 Mbit/s ┤');
    desk.pairs.rows = desk.pairs.rows.slice(3);
    expect(desk.settle().line(1)).toContain('20 Mbit/s ┤');
    // Counters at zero again.
    desk.pairs.head.totals.packets = 7;
    expect(desk.settle().line(1)).toContain('20 kbit/s ┤');
    expect(new Desk({ view: { scaleMaximum: 300_000_000 } }).settle().line(1)).toContain('300 Mbit/s ┤');
  });

  it('keeps its columns where they are when long hosts leave the page', () => {
    const desk = new Desk().size(120, 40);
    const before = desk.line(2);
    desk.pairs.rows = desk.pairs.rows.slice(3);
    expect(desk.settle().line(2)).toBe(before);
  });

  it('opens the conversations of the marked pair, with names as they are shown here', () => {
    const desk = new Desk().press('DOWN', 'ENTER');
    const reaction = last(desk);
    expect(reaction.type === 'open' && reaction.screen).toBeInstanceOf(PairConversationsScreen);
    expect(desk.stack[1].title).toContain('10.99.77.2');
  });

  it('saves every row as it is shown', () => {
    const desk = new Desk().press('p', '1', 'CTRL_S', 'ENTER');
    const saved = desk.reactions.flatMap((each) => (each.type === 'all' ? each.reactions : [each]));
    const question = saved.find((each) => each.type === 'save')?.question;
    expect(question).toMatchObject({ monitor: 'host-pairs', query: { sort: 'rate-2s', limit: 0 } });
    expect(question?.query.options).toMatchObject({ grouping: { ours: { ports: true } } });
  });

  it('dims what was held and has ended', () => {
    const pairs = new LiteralPairs();
    pairs.rows = pairs.rows.map((row, i) => ({ ...row, conversations: i === 1 ? 0 : 1 }));
    const desk = new Desk({}, pairs).settle();
    expect(desk.grid.styleAt(70, 5)).toBe('dim');
  });

  it('says why there is nothing to be seen', () => {
    const pairs = new LiteralPairs();
    pairs.rows = [];
    expect(new Desk({}, pairs).settle().text).toContain('no pair of hosts has said anything within 40 s');
    const desk = new Desk().press('/', ...'nothing-has-this');
    expect(desk.text).toContain('nothing matches the search');
    expect(desk.press('ESCAPE').text).toContain('8 pairs');
    expect(desk.press('l', ...'nothing', 'ENTER').text).toContain('nothing matches the screen filter: l changes it');
  });

  it('begins as it was told', () => {
    const desk = new Desk({
      view: { lines: 'one-line-sent', bars: false, showTotals: true, frozen: true, sort: 'rate-40s' },
    });
    desk.settle();
    expect(desk.line(1)).toContain('Bytes');
    expect(desk.line(2)).toContain('=>');
    expect(desk.line(3)).toContain('=>');
    expect(desk.screen.queries()[0].query).toMatchObject({ sort: 'rate-40s', options: { frozen: true } });
  });
});
