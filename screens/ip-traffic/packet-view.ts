/**
 * Packet by packet: the newest packets as iptraf-ng's lower window lists them, the newest at the bottom. It follows until
 * the operator scrolls up; then what is shown stays, and End follows again. The engine keeps a bounded number.
 */
import { formatCount } from '../../src/base/format.ts';
import type { Snapshot } from '../../src/engine/messages.ts';
import { protocolName } from '../../src/names/protocols.ts';
import type { Canvas } from '../kit/canvas.ts';
import { contentArea, inner } from '../kit/chrome.ts';
import { BACK, dispatchKey, IGNORED, type KeyBinding, REDRAW, REFRESH } from '../kit/keys.ts';
import type { MonitorQuery, MouseEvent, Reaction, Screen } from '../kit/screen.ts';
import { Search } from '../kit/search.ts';
import { hostsAndServices } from '../kit/search-names.ts';
import type { Style } from '../kit/style.ts';
import { drawScrollbar } from '../kit/table.ts';
import { clipText, fitText, textWidth } from '../kit/text.ts';
import type { NameSource } from '../monitor-screen.ts';
import type { IpTrafficView } from './cells.ts';
import { endpointText, LONGEST_ENDPOINT } from './endpoint.ts';
import { type IpTrafficCommand, type IpTrafficOptions, PACKET_SEARCH_FIELDS, type PacketLine } from './types.ts';

/** Packets asked for: what one scrolls back through without asking again. */
const PACKETS_SHOWN = 500;

/** Cells of the fixed columns; time has three digits less behind the point, and one interface no column, when narrow. */
const TIME_WIDTH = 15;
const PROTOCOL_WIDTH = 7;
const BYTES_WIDTH = 5;
const INTERFACE_WIDTH = 9;
/** Column of detail where the line is wide enough to have one, behind two of the longest endpoints. */
const DETAIL_WIDTH = 32;
/** Words of detail up to this long are shown whole. */
const SHORT_DETAIL = 12;
const WIDE_LINE = 150;
const WIDE_ENDPOINTS = 2 * LONGEST_ENDPOINT + 3;
const NARROW_LINE = 100;

/** Where the columns of a line stand. */
interface LineLayout {
  timeWidth: number;
  textX: number;
  textWidth: number;
  bytesX: number;
  /** null: not shown. */
  interfaceX: number | null;
  isWide: boolean;
}

/** Time of day with microseconds, UTC, "02:45:00.123456"; blank for times no calendar has. */
export function packetTime(seconds: number): string {
  // Rounded: a double holds today's seconds to a quarter of a microsecond.
  const wholeMicros = Math.round(seconds * 1e6);
  const time = new Date(Math.floor(wholeMicros / 1e6) * 1000);
  if (Number.isNaN(time.getTime())) return '';
  const micros = wholeMicros % 1e6;
  return `${time.toISOString().slice(11, 19)}.${String(micros).padStart(6, '0')}`;
}

/** "bad udp length (malformed)" of "badUdpLength": the reason first, in case the end is cut. */
function faultText(status: string): string {
  return `${status.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)} (malformed)`;
}

function lineStyle(line: PacketLine): Style {
  if (line.malformed !== null) return 'warning';
  switch (line.protocol) {
    case 'tcp':
      return 'tcp';
    case 'udp':
    case 'udplite':
      return 'udp';
    case 'icmp':
    case 'ipv6-icmp':
      return 'icmp';
    default:
      return line.sourcePort === null && /^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/.test(line.source) ? 'nonIp' : 'otherIp';
  }
}

export class PacketView implements Screen {
  readonly title: string;
  readonly keys: readonly KeyBinding[];
  readonly #view: IpTrafficView;
  readonly #within: Pick<IpTrafficOptions, 'within'>;
  readonly searchFields = PACKET_SEARCH_FIELDS;
  readonly #search = new Search(PACKET_SEARCH_FIELDS);
  readonly #names: NameSource;
  /** Newest first. */
  #lines: readonly PacketLine[] = [];
  #hidden = 0;
  /** Lines between the newest and the last one shown; 0 follows. */
  #back = 0;
  #visible = 10;

  /** `within`: as in the query's options; `part`: what it is called, or null. */
  constructor(
    view: IpTrafficView,
    names: NameSource,
    within: Pick<IpTrafficOptions, 'within'> = {},
    part: string | null = null,
  ) {
    this.title = part === null ? 'Packet by packet' : `Packet by packet: ${part}`;
    this.#view = view;
    this.#names = names;
    this.#within = within;
    this.keys = this.#bindings();
  }

  /** The request that makes the engine keep packets, or stop. */
  static keeping(on: boolean): Reaction {
    const command = {
      type: 'command',
      monitor: 'ip-traffic',
      command: 'packets' satisfies IpTrafficCommand,
      arguments: { on },
    } as const;
    return { type: 'engine', request: command };
  }

  queries(): readonly MonitorQuery[] {
    const search = this.#search.options(hostsAndServices({ ...this.#view, names: this.#names }));
    const options: IpTrafficOptions = { panel: 'packets', ...search, ...this.#within };
    const query = {
      sort: null,
      descending: false,
      // Beyond the end: the newest.
      offset: Number.MAX_SAFE_INTEGER,
      limit: PACKETS_SHOWN,
      follow: null,
      options: { ...options },
    };
    return [{ monitor: 'ip-traffic', query }];
  }

  update([snapshot]: readonly Snapshot[]): void {
    if (this.#back > 0) return;
    this.#lines = (snapshot as Snapshot<PacketLine>).rows.toReversed();
    this.#hidden = snapshot.hidden;
  }

  draw(canvas: Canvas): void {
    const content = contentArea(canvas);
    const frame = { ...content, height: content.height - 1 };
    const area = inner(frame);
    this.#visible = area.height;
    canvas.frame(frame.x, frame.y, frame.width, frame.height, 'frame', {
      bottomLeft: this.#back === 0 ? 'following the newest' : 'stopped: End follows again',
      bottomRight: `${formatCount(this.#lines.length)} packets kept`,
      style: 'title',
    });
    const layout = this.#layout(area.width);
    this.#drawTitles(canvas, frame.y, layout);
    const first = Math.min(this.#lines.length, this.#back + this.#visible) - 1;
    for (let i = first; i >= this.#back; i--) this.#drawLine(canvas, area.y + first - i, layout, this.#lines[i]);
    if (this.#lines.length === 0) {
      canvas.text(1, area.y + (area.height >> 1), fitText('waiting for packets', area.width, 'center'), 'dim');
    }
    const offset = Math.max(0, this.#lines.length - this.#back - this.#visible);
    drawScrollbar(
      canvas,
      { x: frame.width - 1, y: area.y, width: 1, height: area.height },
      { offset, visible: this.#visible, total: this.#lines.length },
    );
    this.#drawBottom(canvas, content.y + content.height - 1);
  }

  #layout(width: number): LineLayout {
    const isNarrow = width < NARROW_LINE;
    const timeWidth = isNarrow ? TIME_WIDTH - 3 : TIME_WIDTH;
    const hasInterface = !isNarrow || this.#view.severalInterfaces;
    const interfaceX = hasInterface ? 1 + width - INTERFACE_WIDTH : null;
    const bytesX = (interfaceX === null ? 1 + width : interfaceX - 1) - BYTES_WIDTH;
    const textX = 1 + timeWidth + 1 + PROTOCOL_WIDTH + 1;
    return { timeWidth, textX, textWidth: bytesX - 1 - textX, bytesX, interfaceX, isWide: width >= WIDE_LINE };
  }

  #drawTitles(canvas: Canvas, y: number, layout: LineLayout): void {
    const { timeWidth, textX, bytesX, interfaceX } = layout;
    canvas.text(1, y, ' Time (UTC) ', 'heading');
    canvas.text(1 + timeWidth, y, ' Proto ', 'heading');
    canvas.text(textX - 1, y, ' From → to ', 'heading');
    canvas.text(bytesX - 1, y, interfaceX === null ? ' Bytes' : ' Bytes ', 'heading');
    if (interfaceX !== null) canvas.text(interfaceX - 1, y, ' Iface ', 'heading');
  }

  #drawLine(canvas: Canvas, y: number, layout: LineLayout, line: PacketLine): void {
    const { timeWidth, textX, bytesX, interfaceX } = layout;
    const style = lineStyle(line);
    const protocol = protocolName(line.protocol, 0, null);
    canvas.text(1, y, packetTime(line.time).slice(0, timeWidth), 'dim');
    canvas.text(1 + timeWidth + 1, y, fitText(protocol, PROTOCOL_WIDTH), style);
    canvas.text(textX, y, this.#lineText(line, layout), 'text');
    canvas.text(bytesX, y, fitText(formatCount(line.bytes), BYTES_WIDTH, 'right'), 'value');
    if (interfaceX !== null) canvas.text(interfaceX, y, clipText(line.interface, INTERFACE_WIDTH), 'text');
  }

  /** "a → b  detail": the detail in a column of its own on wide lines, else behind the addresses, which give way. */
  #lineText(line: PacketLine, { textWidth: width, isWide }: LineLayout): string {
    const said = line.malformed === null ? line.detail : faultText(line.malformed);
    const from = this.#endpoint(line.source, line.sourcePort, line.protocol);
    const to = this.#endpoint(line.destination, line.destinationPort, line.protocol);
    // What an ARP packet asks for says more than the ends of its MAC addresses; short words are not cut for addresses.
    const gives = lineStyle(line) === 'nonIp' || said.length <= SHORT_DETAIL;
    const least = Math.min(from().length + to().length, gives ? 22 : 30) + 3;
    const detail = clipText(said, Math.max(0, Math.min(DETAIL_WIDTH, isWide ? DETAIL_WIDTH : width - least - 2)));
    const beside = detail === '' ? width : width - textWidth(detail) - 2;
    const room = isWide ? Math.min(WIDE_ENDPOINTS, width - DETAIL_WIDTH - 2) : beside;
    const half = (room - 3) >> 1;
    const fromWidth = from().length <= half ? from().length : Math.max(half, room - 3 - to().length);
    const a = from(fromWidth);
    const text = `${a} → ${to(room - 3 - a.length)}`;
    return isWide ? `${fitText(text, room)}  ${detail}` : `${text}  ${detail}`;
  }

  #endpoint(address: string, port: number | null, protocol: string): (width?: number) => string {
    const endpoint = { address, port, name: null, mac: null };
    return (width) => endpointText(endpoint, protocol, this.#view, width);
  }

  #drawBottom(canvas: Canvas, y: number): void {
    if (this.#search.visible) {
      this.#search.draw(canvas, y, this.#lines.length, this.#hidden);
    } else {
      canvas.text(1, y, 'The newest packet is at the bottom; Up and PgUp stop to read.', 'dim');
    }
  }

  onKey(key: string): Reaction {
    if (this.#search.typing) {
      const did = this.#search.onKey(key);
      if (did === 'changed') return this.#follow();
      return did === 'done' ? REDRAW : this.#scroll(key);
    }
    if (key === 'ESCAPE' && this.#search.text !== null) {
      this.#search.clear();
      return this.#follow();
    }
    return dispatchKey(this.keys, key);
  }

  onMouse(event: MouseEvent): Reaction {
    if (event.kind === 'press') return IGNORED;
    return this.#scrollTo(this.#back + (event.kind === 'wheel-up' ? 3 : -3));
  }

  #bindings(): KeyBinding[] {
    const scroll = (keys: string[], label: string, bar: string | null, help: string): KeyBinding => ({
      keys,
      label,
      bar,
      help,
      run: (key) => this.#scroll(key),
    });
    return [
      {
        keys: ['ESCAPE', 'p', 'q'],
        label: 'Esc',
        bar: 'Conversations',
        help: 'Back to the conversations',
        run: () => ({ type: 'all', reactions: [PacketView.keeping(false), BACK] }),
      },
      scroll(['UP', 'DOWN'], 'Up/Dn', 'Scroll', 'One packet back or on'),
      scroll(['PAGE_UP', 'PAGE_DOWN', ' ', '-'], 'PgUp/PgDn', 'Page', 'One page back or on'),
      scroll(['HOME', 'END'], 'Home/End', 'Oldest/follow', 'The oldest packet kept; follow the newest again'),
      {
        keys: ['/'],
        label: '/',
        bar: 'Search',
        help: 'Show only packets that contain a text; Esc shows all again',
        run: () => {
          this.#search.start();
          return REDRAW;
        },
      },
    ];
  }

  #scroll(key: string): Reaction {
    const page = Math.max(1, this.#visible - 1);
    switch (key) {
      case 'UP':
        return this.#scrollTo(this.#back + 1);
      case 'DOWN':
        return this.#scrollTo(this.#back - 1);
      case 'PAGE_UP':
      case '-':
        return this.#scrollTo(this.#back + page);
      case 'PAGE_DOWN':
      case ' ':
        return this.#scrollTo(this.#back - page);
      case 'HOME':
        return this.#scrollTo(this.#lines.length);
      case 'END':
        return this.#follow();
      default:
        return IGNORED;
    }
  }

  #scrollTo(back: number): Reaction {
    const most = Math.max(0, this.#lines.length - this.#visible);
    this.#back = Math.min(most, Math.max(0, back));
    return this.#back === 0 ? REFRESH : REDRAW;
  }

  #follow(): Reaction {
    this.#back = 0;
    return REFRESH;
  }
}
