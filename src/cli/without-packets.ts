/**
 * -u: a run without the right to capture. The general and the detailed statistics show what the kernel counts of each
 * interface; whatever needs packets is refused with the reason, never shown empty.
 */
import { monitorEntry } from '../../screens/monitors.ts';
import type { AlertRule } from '../alerts/alert.ts';
import { OperatorError } from '../base/errors.ts';
import type { MonitorName } from '../engine/monitor.ts';
import type { OptionValues } from './option-values.ts';
import type { Watched } from './plan.ts';

const COUNTED: ReadonlySet<MonitorName> = new Set<MonitorName>(['general', 'detailed']);

/** What the operator is told at the start, and every frame says in short. */
export const WITHOUT_PACKETS =
  "without privileges (-u) there are only the kernel's counters of each interface: no protocols, addresses, ports, bytes of IP packets";

/** A file needs no privilege: there -u changes nothing. */
export function isWithoutPackets(what: Watched, { unprivileged }: OptionValues): boolean {
  return unprivileged && 'interfaces' in what;
}

/** Which bytes are shown where --bytes does not say: the kernel counts those of frames. */
export function shownBytes<Otherwise extends 'ip' | 'wire'>(
  { bytes, unprivileged, readFile }: OptionValues,
  otherwise: Otherwise,
): 'ip' | 'wire' {
  return bytes ?? (unprivileged && readFile === null ? 'wire' : otherwise);
}

/** Throws OperatorError (E_USAGE) for what cannot be without packets. */
export function refuseWithoutPackets(what: Watched, values: OptionValues): void {
  if (!isWithoutPackets(what, values)) return;
  const monitor = (what.monitors ?? [what.monitor]).find((name) => !COUNTED.has(name));
  if (monitor !== undefined) throw refusal('show', monitorEntry(monitor).label, 'it needs packets');
  if (values.expression !== null) throw refusal('apply', '--bpf', 'there are no packets to decide on');
  const alert = values.alerts?.find((rule) => !isCounted(rule));
  if (alert !== undefined) throw refusal('watch', alert.text, 'it needs packets');
  if (values.writeFile !== null) throw refusal('write packets to', values.writeFile, 'there are none');
}

/** Packets, drops, and how much of its speed a link carries: frame bytes. Other measures are of IP bytes. */
function isCounted({ measure, kind }: AlertRule): boolean {
  return measure === 'packets' || measure === 'drops' || (measure === 'interface' && kind === 'share');
}

/** The same for a filter: its name. */
export function refuseFilterWithoutPackets(what: Watched, values: OptionValues, filter: string): void {
  if (isWithoutPackets(what, values)) throw refusal('apply filter', filter, 'there are no packets to decide on');
}

function refusal(operation: string, target: string, why: string): OperatorError {
  return new OperatorError({
    code: 'E_USAGE',
    operation,
    target,
    cause: `${why}, and -u reads the kernel's counters alone`,
    remedy: 'leave out -u and run with sudo; -g and -d work with it',
  });
}
