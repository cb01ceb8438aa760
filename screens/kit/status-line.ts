/**
 * Status line: always time running, what the capture delivered (buffers: an offloaded one is several packets), dropped
 * by the kernel, malformed, coverage (under a filter: what it lets through, since coverage is not known then) and the
 * active filter; in the warning style when packets were dropped or an interface is down. A message (a fact, an error)
 * takes its place.
 */
import { formatCount, formatDuration, formatPercent } from '../../src/base/format.ts';
import type { CaptureView, SnapshotHead } from '../../src/engine/messages.ts';
import type { Canvas } from './canvas.ts';
import type { Style } from './style.ts';
import { clipText, textWidth } from './text.ts';

export interface StatusMessage {
  text: string;
  style: 'status' | 'warning' | 'error';
}

interface StatusPart {
  label: string;
  /** Label where the line is too narrow for all parts. */
  short: string;
  value: string;
  /** Follows the value, and is never clipped with it. */
  tail: string;
  /** Parts with the lowest number stay longest on a narrow terminal. */
  priority: number;
}

/** Captured less than this share of what the kernel counted: worth a warning. */
const COVERAGE_WARNING = 0.995;

function downInterfaces(head: SnapshotHead): string[] {
  return head.interfaces.filter((each) => !each.up).map((each) => each.name);
}

function droppedTotal(head: SnapshotHead): number {
  return (head.capture.droppedByKernel ?? 0) + (head.capture.droppedByInterface ?? 0);
}

/** True where the numbers on the screen are not the whole truth. */
export function isWarning(head: SnapshotHead): boolean {
  const { capture } = head;
  if (droppedTotal(head) > 0 || capture.notWritten > 0) return true;
  if (capture.coverage !== null && capture.coverage < COVERAGE_WARNING) return true;
  return downInterfaces(head).length > 0;
}

/** Why packets that the filter leaves out cost as much as others, as long as there is room; longest first. */
function slowHints({ kernelFilterRefusal: refusal }: CaptureView): string[] {
  return refusal === null ? [''] : [` (slow: ${refusal})`, ' (slow)', ''];
}

/** Of the filter: what is left over is its own. */
const LAST_PRIORITY = 6;

function statusParts(head: SnapshotHead, slowHint: string): StatusPart[] {
  const { capture } = head;
  const down = downInterfaces(head);
  if (capture.source === 'counters') return countersParts(head, down);
  const dropped = capture.droppedByInterface
    ? `${formatCount(capture.droppedByKernel)}+${formatCount(capture.droppedByInterface)} if`
    : formatCount(capture.droppedByKernel);
  const part = (labels: [string, string], value: string, priority: number): StatusPart => ({
    label: labels[0],
    short: labels[1],
    value,
    tail: '',
    priority,
  });
  const parts = [
    part(['Time', ''], formatDuration(head.elapsedSeconds), 3),
    part(['Received', 'Rcvd'], formatCount(capture.received ?? head.totals.buffers), 1),
    part(['Dropped', 'Drop'], dropped, 0),
    part(['Malformed', 'Malf'], formatCount(capture.malformed), 5),
  ];
  if (capture.filter === null) parts.push(part(['Coverage', 'Cov'], formatPercent(capture.coverage), 4));
  if (down.length > 0) parts.push(part(['Down', 'Down'], down.join(','), 2));
  if (capture.notWritten > 0) parts.push(part(['Not written', 'Unwritten'], formatCount(capture.notWritten), 2));
  const filter = part(['Filter', 'Filter'], capture.filter ?? 'none', LAST_PRIORITY);
  if (capture.filter !== null) filter.tail = ` ${formatPercent(capture.passed)}${slowHint}`;
  return [...parts, filter];
}

/** Without privileges: what is missing is said in every frame. */
function countersParts({ elapsedSeconds, capture }: SnapshotHead, down: readonly string[]): StatusPart[] {
  const part = (labels: [string, string], value: string, priority: number): StatusPart => {
    return { label: labels[0], short: labels[1], value, tail: '', priority };
  };
  return [
    part(['Time', ''], formatDuration(elapsedSeconds), 3),
    part(['Dropped by interfaces', 'Drop'], formatCount(capture.droppedByInterface), 2),
    ...(down.length > 0 ? [part(['Down', 'Down'], down.join(','), 1)] : []),
    part(["Kernel's counters only (-u):", 'Counters only:'], 'no protocols, addresses, IP bytes', 0),
  ];
}

/** Least cells in which a clipped filter or list of interfaces still says something. */
const LEAST_CLIPPED = 8;
const SEPARATOR = ' │ ';

function partText({ label, value, tail }: StatusPart): string {
  return label === '' ? value + tail : `${label} ${value}${tail}`;
}

function lineWidth(parts: readonly StatusPart[]): number {
  return parts.reduce((sum, part) => sum + textWidth(partText(part)) + SEPARATOR.length, -SEPARATOR.length);
}

/** The least important labels are shortened, as many as it takes; null where all short ones are too long. */
function shortened(all: readonly StatusPart[], width: number): StatusPart[] | null {
  const parts = all.map((part) => ({ ...part }));
  for (const part of [...parts].sort((a, b) => b.priority - a.priority)) {
    if (lineWidth(parts) <= width) break;
    part.label = part.short;
  }
  return lineWidth(parts) <= width ? parts : null;
}

/** Cells that an active filter needs with its name clipped, separator included; 0 where there is none. */
function leastFilterWidth(parts: readonly StatusPart[]): number {
  const filter = parts.find(({ tail }) => tail !== '');
  if (filter === undefined) return 0;
  const name = Math.min(textWidth(filter.value), LEAST_CLIPPED);
  return name + textWidth(partText({ ...filter, value: '' })) + SEPARATOR.length;
}

/** Parts that fit in `width`: first with short labels and hints, then clipped, then without the least important. */
function partsThatFit(head: SnapshotHead, width: number): StatusPart[] {
  for (const hint of slowHints(head.capture)) {
    const fitting = shortened(statusParts(head, hint), width);
    if (fitting !== null) return fitting;
  }
  return clipped(statusParts(head, ''), width);
}

/** Parts with the lowest priority first, but an active filter always has its place. */
function clipped(all: readonly StatusPart[], width: number): StatusPart[] {
  const kept = new Set<StatusPart>();
  const reserved = leastFilterWidth(all);
  let room = width + SEPARATOR.length;
  for (const part of all.map((each) => ({ ...each, label: each.short })).sort((a, b) => a.priority - b.priority)) {
    const available = part.priority === LAST_PRIORITY ? room : room - reserved;
    const free = available - SEPARATOR.length - textWidth(partText({ ...part, value: '' }));
    if (textWidth(part.value) > free && free >= LEAST_CLIPPED) part.value = clipText(part.value, free);
    const cells = textWidth(partText(part)) + SEPARATOR.length;
    if (cells > available) continue;
    kept.add(part);
    room -= cells;
  }
  const order = all.map((part) => part.short);
  return [...kept].sort((a, b) => order.indexOf(a.short) - order.indexOf(b.short));
}

function drawParts(canvas: Canvas, y: number, head: SnapshotHead, width: number): void {
  const base = baseStyle(head);
  let x = 1;
  for (const [i, part] of partsThatFit(head, width - 2).entries()) {
    if (i > 0) {
      canvas.text(x, y, SEPARATOR, base);
      x += SEPARATOR.length;
    }
    const text = partText(part);
    canvas.text(x, y, text, base);
    const value = textWidth(part.value + part.tail);
    if (base === 'status') canvas.restyle(x + textWidth(text) - value, y, value, 1, 'value');
    x += textWidth(text);
  }
}

function baseStyle(head: SnapshotHead | null): Style {
  return head !== null && isWarning(head) ? 'warning' : 'status';
}

/**
 * Draws the status line over line `y`: a message, else the capture's state, else blank. Alerts that are on are counted at
 * its right end, whatever else it says, beside what the screen itself has to say there.
 */
export function drawStatusLine(
  canvas: Canvas,
  y: number,
  head: SnapshotHead | null,
  message: StatusMessage | null,
  { alerts = 0, own = null }: { alerts?: number; own?: string | null } = {},
): void {
  const style = message?.style ?? baseStyle(head);
  const counted = alerts === 0 ? [] : [`${formatCount(alerts)} ${alerts === 1 ? 'alert' : 'alerts'}`];
  const marks = [...(own === null ? [] : [own]), ...counted].join(', ');
  const mark = marks === '' ? '' : ` ${clipText(marks, canvas.width >> 1)} `;
  const width = canvas.width - textWidth(mark);
  canvas.fill(0, y, canvas.width, 1, ' ', style);
  if (message !== null) canvas.text(1, y, clipText(message.text, width - 2), style);
  else if (head !== null) drawParts(canvas, y, head, width);
  // It is to stand out from a line that is a warning itself.
  canvas.text(width, y, mark, style === 'warning' ? 'error' : 'warning');
}
