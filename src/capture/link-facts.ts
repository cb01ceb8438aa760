/** Following the interfaces of a live source, and what it tells of them. */
import { OperatorError } from '../base/errors.ts';
import type { InterfaceQueries } from '../native/interfaces.ts';
import type { CaptureSink } from './capture-source.ts';
import { readKernelCounters } from './kernel-counters.ts';
import { type LinkChange, LinkMonitor } from './link-monitor.ts';

/** Tells that an interface that was known went down or away, or came back. */
export function reportChange(sink: CaptureSink, { name, state, before, reindexed }: LinkChange): void {
  if (before === null) return;
  if (state === 'up' && (before !== 'up' || reindexed)) sink.onFact({ type: 'interface-up', interface: name });
  else if (state !== 'up' && before === 'up') sink.onFact({ type: 'interface-down', interface: name, reason: state });
}

/** Follows these interfaces (null: all). Throws OperatorError where one does not exist; `operation`: what was tried. */
export function openLinks(queries: InterfaceQueries, names: readonly string[] | null, operation: string): LinkMonitor {
  const present = (): Iterable<string> => readKernelCounters().keys();
  const links = new LinkMonitor(
    { names: present, index: (name) => queries.index(name), flags: (name) => queries.flags(name) },
    names,
  );
  for (const name of names ?? []) {
    if (links.state(name) !== 'gone') continue;
    throw new OperatorError({
      code: 'E_INTERFACE_UNKNOWN',
      operation,
      target: name,
      cause: 'there is no such interface',
      remedy: `there are: ${[...present()].join(', ')}`,
    });
  }
  return links;
}
