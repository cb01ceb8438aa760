import { beforeEach, describe, expect, it } from 'vitest';
import { DetailedScreen } from '../../../screens/detailed/screen.ts';
import { minuteText } from '../../../screens/general/columns.ts';
import { GeneralScreen } from '../../../screens/general/screen.ts';
import { PACKET_TYPE } from '../../../src/wire/packet-batch.ts';
import { busyHost, GeneralStage } from '../../support/general-stage.ts';
import { linkView } from '../../support/links.ts';
import { drawStack } from '../../support/screens.ts';

const names = { lookup: () => null, addressesMatching: () => [] };

let screen: GeneralScreen;
beforeEach(() => {
  screen = new GeneralScreen({ watched: 'all interfaces', names });
});

function turn(stage: GeneralStage, width = 80, height = 24): string[] {
  drawStack([screen], width, height);
  const head = stage.feed(screen);
  return drawStack([screen], width, height, { head }).toText().split('\n');
}

function lineOf(lines: readonly string[], name: string): string {
  const found = lines.find((line) => line.replace(/^[│ └]+/, '').startsWith(`${name} `));
  if (found === undefined) throw new Error(`no line for ${name}`);
  return found;
}

describe('the general statistics screen', () => {
  it('opens the detailed statistics of the marked interface', () => {
    turn(busyHost());
    screen.onKey('DOWN');
    const reaction = screen.onKey('ENTER');
    expect(reaction.type).toBe('open');
    if (reaction.type !== 'open') return;
    expect(reaction.screen).toBeInstanceOf(DetailedScreen);
    expect(reaction.screen.title).toContain('bond0');
  });

  it('opens nothing where there is no interface', () => {
    turn(new GeneralStage([]));
    expect(screen.onKey('ENTER')).toEqual({ type: 'ignored' });
  });

  it('says the state in the place of the rates of what cannot carry anything', () => {
    const lines = turn(busyHost());
    expect(lineOf(lines, 'eth2')).toContain('no link');
    expect(lineOf(lines, 'wg0')).toContain('down');
    expect(lineOf(lines, 'veth10')).toContain('gone');
  });

  it('goes on showing rates of an interface that carries something although it is said to be down', () => {
    const stage = new GeneralStage([linkView('tun0', { running: false })]);
    stage.pass({ on: 'tun0', packets: 10, packetType: PACKET_TYPE.outgoing }).wait(1);
    expect(lineOf(turn(stage), 'tun0')).toContain('8.000k');
  });

  it('says that its sum adds up all interfaces, at every size', () => {
    for (const [width, height] of [
      [60, 12],
      [80, 24],
      [200, 60],
    ]) {
      expect(turn(busyHost(), width, height)[height - 3]).toContain('Sum of all interfaces');
    }
  });

  it('cycles through its columns with M, and asks for gone interfaces to be removed with F', () => {
    const stage = busyHost();
    const titles = (): string => turn(stage)[1];
    expect(titles()).toContain('IPv4');
    screen.onKey('M');
    expect(titles()).toContain('Captured  Kernel Missed');
    screen.onKey('m');
    expect(titles()).toContain('Last minute');
    screen.onKey('M');
    expect(titles()).toContain('IPv4');
    expect(screen.onKey('f')).toMatchObject({ type: 'engine', request: { monitor: 'general', command: 'flush' } });
  });

  it('leaves out what C switched off', () => {
    const stage = busyHost();
    turn(stage);
    const reaction = screen.onKey('C');
    if (reaction.type !== 'open') throw new Error('no dialog');
    reaction.screen.onKey('DOWN');
    reaction.screen.onKey('ENTER');
    const [, titles] = turn(stage);
    expect(titles).not.toContain('IPv4');
    expect(titles).toContain('IPv6');
  });
});

describe('the last minute', () => {
  const minute = Array.from({ length: 60 }, (_, i) => i + 1);

  it('has a cell for a whole number of seconds', () => {
    expect(minuteText(minute, 60)).toHaveLength(60);
    expect(minuteText(minute, 30)).toHaveLength(30);
    expect(minuteText(minute, 15).trimStart()).toHaveLength(15);
  });

  it('shows averages of them, the newest at the right', () => {
    expect(minuteText([0, 0, 0, 0, 8, 0, 0, 0], 15)).toBe(`${' '.repeat(14)}█`);
    expect(minuteText([8, 8, 8, 8, 1, 1, 1, 1], 15)).toBe(`${' '.repeat(13)}█▂`);
    expect(minuteText([], 15).trim()).toBe('');
  });
});
