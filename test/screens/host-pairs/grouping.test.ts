import { describe, expect, it } from 'vitest';
import {
  groupingWords,
  networksDialog,
  toggleAllPorts,
  toggleHosts,
  togglePorts,
} from '../../../screens/host-pairs/grouping.ts';
import { HOST_GROUPING, HOST_SIDE, type PairGrouping } from '../../../screens/host-pairs/types.ts';
import { REDRAW } from '../../../screens/kit/keys.ts';
import { drawStack } from '../../support/screens.ts';

const withPorts = { ...HOST_SIDE, ports: true };

describe('grouping by keys', () => {
  it('puts hosts of one side together, and keeps the networks for when they are told apart again', () => {
    const networks: PairGrouping = { ours: { ...HOST_SIDE, ipv4Prefix: 24 }, theirs: HOST_SIDE };
    const together = toggleHosts(networks, 'ours');
    expect(together.ours).toMatchObject({ hidden: true, ipv4Prefix: 24 });
    expect(together.theirs).toEqual(HOST_SIDE);
    expect(toggleHosts(together, 'ours')).toEqual(networks);
  });

  it('shows no ports where any were shown, as iftop does', () => {
    expect(toggleAllPorts(HOST_GROUPING)).toEqual({ ours: withPorts, theirs: withPorts });
    expect(toggleAllPorts(togglePorts(HOST_GROUPING, 'theirs'))).toEqual(HOST_GROUPING);
  });

  it.each([
    ['', HOST_GROUPING],
    ['with ports', { ours: withPorts, theirs: withPorts }],
    ['with our ports', { ours: withPorts, theirs: HOST_SIDE }],
    ['with their ports, ours together', { ours: { ...HOST_SIDE, hidden: true }, theirs: withPorts }],
    [
      'both by /24, /64',
      {
        ours: { ...HOST_SIDE, ipv4Prefix: 24, ipv6Prefix: 64 },
        theirs: { ...HOST_SIDE, ipv4Prefix: 24, ipv6Prefix: 64 },
      },
    ],
    ['theirs by /48 (IPv6)', { ours: HOST_SIDE, theirs: { ...HOST_SIDE, ipv6Prefix: 48 } }],
    ['ours by /0, theirs together', { ours: { ...HOST_SIDE, ipv4Prefix: 0 }, theirs: { ...HOST_SIDE, hidden: true } }],
  ])('says "%s"', (words, grouping) => {
    expect(groupingWords(grouping)).toBe(words);
  });
});

describe('the dialog for networks', () => {
  function open(): { screen: ReturnType<typeof screenOf>; accepted: PairGrouping[] } {
    const accepted: PairGrouping[] = [];
    const screen = screenOf({ ours: { ...withPorts, ipv4Prefix: 24 }, theirs: HOST_SIDE }, accepted);
    return { screen, accepted };
  }

  function screenOf(grouping: PairGrouping, accepted: PairGrouping[]) {
    const reaction = networksDialog(grouping, (chosen) => {
      accepted.push(chosen);
      return REDRAW;
    });
    if (reaction.type !== 'open') throw new Error('no dialog');
    return reaction.screen;
  }

  it('takes any number of bits for either side, and leaves the rest as it was', () => {
    const { screen, accepted } = open();
    for (const key of ['TAB', 'CTRL_U', ...'56', 'TAB', 'CTRL_U', ...'/7', 'ENTER']) screen.onKey(key);
    expect(accepted).toEqual([
      { ours: { ...withPorts, ipv4Prefix: 24, ipv6Prefix: 56 }, theirs: { ...HOST_SIDE, ipv4Prefix: 7 } },
    ]);
  });

  it.each(['33', '', 'x', '-1', '8.5', '999'])('refuses "%s" with the reason', (text) => {
    const { screen, accepted } = open();
    for (const key of ['CTRL_U', ...text, 'ENTER']) screen.onKey(key);
    expect(accepted).toEqual([]);
    expect(drawStack([screen], 80, 24).toText()).toContain('a number of bits, 0 to 32');
  });
});
