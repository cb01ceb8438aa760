import { expect, it } from 'vitest';
import { LinkMonitor } from '../../src/capture/link-monitor.ts';

const UP = 1;
const RUNNING = 0x40;

/** Interfaces as the kernel would tell them: name -> [index, flags]. */
function monitorOf(links: Map<string, [number, number]>, names: string[] | null): LinkMonitor {
  return new LinkMonitor(
    {
      names: () => links.keys(),
      index: (name) => links.get(name)?.[0] ?? null,
      flags: (name) => links.get(name)?.[1] ?? null,
    },
    names,
  );
}

it('reports each change once', () => {
  const links = new Map<string, [number, number]>([['eth0', [2, UP | RUNNING]]]);
  const monitor = monitorOf(links, ['eth0']);
  expect(monitor.check()).toEqual([]);
  links.set('eth0', [2, UP]);
  expect(monitor.check()).toMatchObject([{ state: 'no carrier', before: 'up', reindexed: false }]);
  expect(monitor.check()).toEqual([]);
  links.set('eth0', [2, 0]);
  expect(monitor.check()).toMatchObject([{ state: 'down', before: 'no carrier' }]);
  links.delete('eth0');
  expect(monitor.check()).toMatchObject([{ state: 'gone', before: 'down', index: null }]);
});

it('notices an interface that was made anew between two looks', () => {
  const links = new Map<string, [number, number]>([['eth0', [2, UP | RUNNING]]]);
  const monitor = monitorOf(links, ['eth0']);
  links.set('eth0', [5, UP | RUNNING]);
  expect(monitor.check()).toMatchObject([{ state: 'up', before: 'up', index: 5, reindexed: true }]);
  expect(monitor.indexes()).toEqual([5]);
});

it('follows new interfaces only where all are followed', () => {
  const links = new Map<string, [number, number]>([['eth0', [2, UP | RUNNING]]]);
  const all = monitorOf(links, null);
  const one = monitorOf(links, ['eth0']);
  links.set('veth1', [7, UP | RUNNING]);
  expect(all.check()).toMatchObject([{ name: 'veth1', before: null, index: 7 }]);
  expect(one.check()).toEqual([]);
});

it('remembers the name of an index that is gone, and not its index as one there is', () => {
  const links = new Map<string, [number, number]>([['veth1', [7, UP | RUNNING]]]);
  const monitor = monitorOf(links, null);
  links.delete('veth1');
  monitor.check();
  expect(monitor.lastNameOf(7)).toBe('veth1');
  expect(monitor.indexes()).toEqual([]);
  expect(monitor.lastNameOf(8)).toBeNull();
});

it('asks no more about an interface that is gone, until it is there again', () => {
  const links = new Map<string, [number, number]>([['veth1', [7, UP | RUNNING]]]);
  const asked: string[] = [];
  const monitor = new LinkMonitor(
    {
      names: () => links.keys(),
      index: (name) => {
        asked.push(name);
        return links.get(name)?.[0] ?? null;
      },
      flags: (name) => links.get(name)?.[1] ?? null,
    },
    null,
  );
  links.delete('veth1');
  expect(monitor.check()).toMatchObject([{ name: 'veth1', state: 'gone' }]);
  asked.length = 0;
  expect(monitor.check()).toEqual([]);
  expect(asked).toEqual([]);
  links.set('veth1', [9, UP | RUNNING]);
  expect(monitor.check()).toMatchObject([{ name: 'veth1', state: 'up', before: 'gone', reindexed: true }]);
});

it('remembers the newest name of an index', () => {
  const links = new Map<string, [number, number]>([['eth0', [7, UP | RUNNING]]]);
  const monitor = monitorOf(links, null);
  links.delete('eth0');
  links.set('lan0', [7, UP | RUNNING]);
  monitor.check();
  links.delete('lan0');
  monitor.check();
  expect(monitor.lastNameOf(7)).toBe('lan0');
});
