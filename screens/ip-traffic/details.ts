/**
 * Everything about one conversation: who, where, since when, and both directions side by side. Follows its row by id;
 * when the row is gone, the last figures stay and the frame says so.
 */
import { formatBytes, formatCount, formatDuration, formatRate, formatSeconds, UNKNOWN } from '../../src/base/format.ts';
import type { Snapshot } from '../../src/engine/messages.ts';
import { protocolName } from '../../src/names/protocols.ts';
import { serviceName } from '../../src/names/services.ts';
import { isoTime } from '../../src/output/time.ts';
import type { Area, Canvas } from '../kit/canvas.ts';
import { agoText } from '../kit/cells.ts';
import { contentArea, inner } from '../kit/chrome.ts';
import { BACK, dispatchKey, type KeyBinding, REDRAW } from '../kit/keys.ts';
import type { MonitorQuery, Reaction, Screen } from '../kit/screen.ts';
import type { Style } from '../kit/style.ts';
import { clipText, fitText, textWidth } from '../kit/text.ts';
import { type IpTrafficView, partialMark, stateWord } from './cells.ts';
import { hostName } from './endpoint.ts';
import type { Endpoint, IpTrafficOptions, IpTrafficRow, RatePair } from './types.ts';

const LABEL_WIDTH = 20;
const WIDEST_FIGURE = 24;

/** One line of figures: for each side, and for both together where that makes sense. */
interface Figure {
  label: string;
  sides: [string, string];
  both: string;
}

/** "2026-11-21 02:45:00.123 UTC", or UNKNOWN. */
function dayTime(seconds: number): string {
  const iso = isoTime(seconds);
  return iso === null ? UNKNOWN : `${iso.replace('T', ' ').replace('Z', '')} UTC`;
}

function figures(row: IpTrafficRow, view: IpTrafficView): Figure[] {
  const { rate } = view;
  const summed = (label: string, [a, b]: RatePair, format: (value: number | null) => string): Figure => ({
    label,
    sides: [format(a), format(b)],
    both: format(a === null || b === null ? null : a + b),
  });
  const apart = <T>(label: string, [a, b]: [T, T], format: (value: T) => string): Figure => ({
    label,
    sides: [format(a), format(b)],
    both: '',
  });
  const bytes = (value: number | null): string => formatBytes(value, rate.base);
  const text = (value: string | null): string => value ?? UNKNOWN;
  const speed = (value: number | null): string => formatRate(value, rate);
  const size = (value: number | null): string => (value === null ? UNKNOWN : `${value} B`);
  const list = [summed('Packets', row.packets, formatCount)];
  if (row.ipProtocol !== null) list.push(summed('IP bytes', row.ipBytes, bytes));
  list.push(summed('Wire bytes', row.wireBytes, bytes));
  if (row.ipProtocol !== null) list.push(summed('IP rate', row.bytesPerSecond, speed));
  list.push(summed('Wire rate', row.wireBytesPerSecond, speed));
  if (row.ipProtocol !== null) list.push(apart('Last packet', row.lastPacketSize, size));
  if (row.protocol === 'tcp') {
    list.push(
      apart('Flags, last packet', row.flags, text),
      apart('Window', row.window, (value) => (value === null ? UNKNOWN : formatBytes(value, rate.base))),
    );
    if (row.retransmissions !== null) list.push(summed('Retransmissions', row.retransmissions, formatCount));
  }
  if (row.detail[0] !== null || row.detail[1] !== null) list.push(apart('Last said', row.detail, text));
  return list;
}

function facts(row: IpTrafficRow, time: number): [label: string, value: string][] {
  const whole = { true: 'open already when we started', false: 'seen from its first packet', null: '' };
  const number = row.ipProtocol ?? `EtherType 0x${(row.etherType ?? 0).toString(16).padStart(4, '0')}`;
  const state = row.state === 'active' ? 'active' : stateWord(row.state);
  const seen = whole[`${row.partial}`];
  const place = row.vlan === null ? row.interface : `${row.interface}, VLAN ${row.vlan}`;
  const list: [string, string][] = [
    ['Protocol', `${protocolName(row.protocol, row.ipProtocol, row.etherType)} (${number}) on ${place}`],
    ['State', seen === '' ? state : `${state}  ${partialMark(row)} ${seen}`],
    ['First packet', `${dayTime(row.firstSeen)}, lasting ${formatDuration(row.lastSeen - row.firstSeen)}`],
    ['Last packet', `${dayTime(row.lastSeen)}, ${agoText(time - row.lastSeen)} ago`],
  ];
  if (row.rttSeconds !== null) list.push(['Round trip', formatSeconds(row.rttSeconds)]);
  return list;
}

export class DetailsScreen implements Screen {
  readonly title = 'Conversation';
  readonly keys: readonly KeyBinding[] = [
    { keys: ['ESCAPE', 'q'], label: 'Esc', help: 'Back to the conversations', bar: 'Conversations', run: () => BACK },
    {
      keys: ['n'],
      label: 'n',
      help: 'Names (~ as seen on the wire), or none',
      bar: 'Names',
      run: () => this.#toggleNames(),
    },
  ];
  #view: IpTrafficView;
  #row: IpTrafficRow;
  #time: number;
  #isGone = false;

  constructor(row: IpTrafficRow, view: IpTrafficView) {
    this.#row = row;
    this.#view = view;
    this.#time = view.time;
  }

  queries(): readonly MonitorQuery[] {
    const options: IpTrafficOptions = { panel: this.#row.protocol === 'tcp' ? 'tcp' : 'other', search: null };
    const query = { sort: null, descending: false, offset: 0, limit: 1, follow: this.#row.id, options: { ...options } };
    return [{ monitor: 'ip-traffic', query }];
  }

  update([snapshot]: readonly Snapshot[]): void {
    const row = (snapshot as Snapshot<IpTrafficRow>).rows.find((each) => each.id === this.#row.id);
    this.#isGone = row === undefined;
    this.#row = row ?? this.#row;
    this.#time = snapshot.time;
  }

  draw(canvas: Canvas): void {
    const content = contentArea(canvas);
    canvas.frame(content.x, content.y, content.width, content.height, 'frame', {
      topLeft: protocolName(this.#row.protocol, this.#row.ipProtocol, this.#row.etherType),
      ...(this.#isGone ? { bottomLeft: 'gone: these are the last figures' } : {}),
    });
    const area = inner(content);
    let y = area.y;
    for (const side of [0, 1] as const) y = this.#drawEndpoint(canvas, area, y, side);
    for (const [label, value] of facts(this.#row, this.#time)) {
      y = this.#line(canvas, area, y, label, [[value, 'value']]);
    }
    this.#drawFigures(canvas, area, y + (canvas.height > 24 ? 1 : 0));
  }

  #drawEndpoint(canvas: Canvas, area: Area, y: number, side: 0 | 1): number {
    const endpoint = this.#row.endpoints[side];
    const name = hostName(endpoint, this.#view);
    const label = side === 0 ? 'A  seen first' : 'B';
    const next = this.#line(canvas, area, y, label, [
      [endpoint.address, 'title'],
      [this.#portText(endpoint), 'value'],
    ]);
    const parts: [string, Style][] = [];
    // A MAC address as endpoint has no name and is its own MAC address.
    if (endpoint.mac !== null && endpoint.mac !== endpoint.address) parts.push([`MAC ${endpoint.mac}`, 'text']);
    if (this.#row.ipProtocol !== null) parts.push([name ?? this.#noName(), name === null ? 'dim' : 'value']);
    return parts.length === 0 ? next : this.#line(canvas, area, next, '', parts);
  }

  /** Asking a name server tells others what one looks at: it is done on request only. */
  #noName(): string {
    return this.#view.showNames ? 'name not known' : 'n asks for the name';
  }

  #portText({ port }: Endpoint): string {
    if (port === null) return '';
    const service = serviceName(port, this.#row.protocol);
    return service === null ? `port ${port}` : `port ${port} (${service})`;
  }

  #drawFigures(canvas: Canvas, area: Area, top: number): void {
    const width = Math.min(WIDEST_FIGURE, Math.floor((area.width - LABEL_WIDTH - 2) / 3) - 2);
    const columns = (texts: readonly string[], style: Style): [string, Style][] =>
      texts.map((text) => [fitText(text, width, 'right'), style]);
    let y = this.#line(canvas, area, top, '', columns(['A → B', 'B → A', 'both'], 'heading'));
    for (const { label, sides, both } of figures(this.#row, this.#view)) {
      y = this.#line(canvas, area, y, label, columns([...sides, both], 'value'));
    }
  }

  /** A label and what belongs to it, two blanks apart; what lies below the frame is left out. */
  #line(canvas: Canvas, area: Area, y: number, label: string, parts: readonly [string, Style][]): number {
    if (y >= area.y + area.height) return y;
    canvas.text(area.x + 1, y, clipText(label, LABEL_WIDTH), 'text');
    let x = area.x + 1 + LABEL_WIDTH;
    for (const [text, style] of parts) {
      const shown = clipText(text, area.x + area.width - x);
      canvas.text(x, y, shown, style);
      x += textWidth(shown) + 2;
    }
    return y + 1;
  }

  #toggleNames(): Reaction {
    this.#view = { ...this.#view, showNames: !this.#view.showNames };
    return REDRAW;
  }

  onKey(key: string): Reaction {
    return dispatchKey(this.keys, key);
  }
}
