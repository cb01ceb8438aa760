/**
 * `status` and `stop`: the instances that run in the background. status ends with 0 where there is one and with 3 where
 * there is none (LSB's "not running", as systemctl's); stop ends with 0 when none is left of those it was to end.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { EXIT } from '../../base/errors.ts';
import { sanitizeText } from '../../names/sanitize.ts';
import type { CommandResult } from '../command-result.ts';
import { textTable } from '../documents/text-table.ts';
import { complain } from '../fail.ts';
import { usageError } from '../parse.ts';
import type { InstanceDocument } from './instance-document.ts';
import { type RunningInstance, runningInstances } from './instances.ts';
import { startTicks } from './process-stat.ts';

/** LSB 5.0, section 22.2: "program is not running". */
const NOT_RUNNING = 3;
/** An instance that writes its last records to a slow disk ends by itself within 80 seconds (signals.ts). */
const PATIENCE_MS = 90_000;
/** Who waits longer than that wants to know what for. */
const SILENCE_MS = 3000;
const POLL_MS = 20;

export async function statusCommand(json: boolean): Promise<CommandResult> {
  const instances = await runningInstances();
  if (instances.length === 0) {
    if (!json) complain('no instance runs in the background');
    return { text: '', status: NOT_RUNNING };
  }
  const text = json ? instances.map(statusLine).join('') : statusTable(instances);
  for (const { pid, problem } of instances)
    if (problem !== null) complain(`instance ${pid} does not say how it is: ${problem}`);
  return { text, status: EXIT.ok };
}

function statusLine({ pid, document, problem }: RunningInstance): string {
  return `${JSON.stringify({ ...document, pid, problem })}\n`;
}

const HEAD = [
  'pid',
  'user',
  'since',
  'as of',
  'packets',
  'dropped',
  'records',
  'lost',
  'alerts',
  'restarts',
  'watches',
];
/** Columns of figures. */
const RIGHT = [0, 4, 5, 6, 7, 8, 9];

function statusTable(instances: readonly RunningInstance[]): string {
  const rows = instances.map(({ pid, document }) => [
    String(pid),
    ...(document === null ? HEAD.slice(1).map(() => '-') : cells(document)),
  ]);
  return textTable([[...HEAD, 'logs to'], ...rows.map((row, i) => [...row, target(instances[i].document)])], RIGHT);
}

function cells({ user, since, updated, figures, monitors }: InstanceDocument): string[] {
  const { packets, droppedByKernel, logRecords, logRecordsLost, alerts, engineRestarts } = figures;
  const counts = [packets, droppedByKernel, logRecords, logRecordsLost, alerts, engineRestarts];
  return [
    sanitizeText(user),
    `${day(since)} ${clock(since)}`,
    clock(updated),
    ...counts.map((count) => (count === null ? '-' : String(count))),
    sanitizeText(watchesText(monitors)),
  ];
}

/** "ip-traffic, ports on eth0; general on all": those that watch the same stand together. */
function watchesText(monitors: InstanceDocument['monitors']): string {
  const names = new Map<string, string[]>();
  for (const { monitor, interfaces } of monitors) names.set(interfaces, [...(names.get(interfaces) ?? []), monitor]);
  return [...names].map(([interfaces, each]) => `${each.join(', ')} on ${interfaces}`).join('; ');
}

function target(document: InstanceDocument | null): string {
  if (document === null) return '-';
  const { logs, facility } = document;
  const places = facility === null ? logs : [...logs, `syslog ${facility}`];
  return places.length === 0 ? '-' : sanitizeText(places.join(', '));
}

/** Local time, as the logs have it. */
function day(moment: string): string {
  const date = new Date(moment);
  return [date.getFullYear(), two(date.getMonth() + 1), two(date.getDate())].join('-');
}

function clock(moment: string): string {
  const date = new Date(moment);
  return [date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(':');
}

function two(value: number): string {
  return String(value).padStart(2, '0');
}

/** `words`: process ids, or none: every instance. Those that have not ended after `patienceMs` are killed. */
export async function stopCommand(words: readonly string[], patienceMs = PATIENCE_MS): Promise<CommandResult> {
  const pids = words.map(readPid);
  const running = await runningInstances();
  const foreign = pids.filter((pid) => running.every((instance) => instance.pid !== pid));
  for (const pid of foreign)
    complain(`cannot stop ${pid}: no instance in the background has this process id (iptraf-ts status lists them)`);
  const chosen = pids.length === 0 ? running : running.filter(({ pid }) => pids.includes(pid));
  if (running.length === 0 && pids.length === 0) complain('no instance runs in the background');
  const statuses = await Promise.all(chosen.map((instance) => stopInstance(instance, patienceMs)));
  return { text: '', status: Math.max(foreign.length > 0 ? EXIT.failed : EXIT.ok, ...statuses) };
}

function readPid(word: string): number {
  if (/^[1-9]\d{0,8}$/.test(word)) return Number(word);
  throw usageError(`stop ${word}`, 'not a process id', 'iptraf-ts status lists them');
}

/** Returns an exit status: 1 where it did not end by itself, for its last records may be missing. */
async function stopInstance(instance: RunningInstance, patienceMs: number): Promise<number> {
  const refused = signal(instance, 'SIGTERM');
  if (refused !== null) return refused;
  const word = setTimeout(() => complain(`instance ${instance.pid} is writing its last records`), SILENCE_MS);
  const ended = await gone(instance, patienceMs);
  clearTimeout(word);
  if (ended) return EXIT.ok;
  complain(
    `instance ${instance.pid} has not ended within ${patienceMs / 1000} s: killing it; its last records may be missing`,
  );
  signal(instance, 'SIGKILL');
  await gone(instance, patienceMs);
  return EXIT.failed;
}

/** null: sent, or it was gone already. */
function signal({ pid }: RunningInstance, name: NodeJS.Signals): number | null {
  try {
    process.kill(pid, name);
    return null;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ESRCH') return null;
    complain(`cannot stop ${pid}: ${code === 'EPERM' ? 'it belongs to another user (sudo iptraf-ts stop)' : message}`);
    return code === 'EPERM' ? EXIT.noPermission : EXIT.failed;
  }
}

async function gone({ pid, startTicks: ticks }: RunningInstance, patienceMs: number): Promise<boolean> {
  for (const deadline = performance.now() + patienceMs; performance.now() < deadline; await sleep(POLL_MS))
    if (startTicks(pid) !== ticks) return true;
  return startTicks(pid) !== ticks;
}
