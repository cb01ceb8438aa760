/**
 * Everything about one station or group: who made it, what it is called, its addresses, both directions side by side.
 * Follows its row by id; when the row is gone, the last figures stay and the frame says so.
 */
import { formatBytes, formatCount, formatRate, UNKNOWN } from '../../src/base/format.ts';
import type { Snapshot } from '../../src/engine/messages.ts';
import { localWord } from '../../src/names/vendors.ts';
import { isoTime } from '../../src/output/time.ts';
import type { Area, Canvas } from '../kit/canvas.ts';
import { agoText } from '../kit/cells.ts';
import { contentArea, inner } from '../kit/chrome.ts';
import { BACK, dispatchKey, type KeyBinding, REDRAW } from '../kit/keys.ts';
import type { MonitorQuery, Reaction, Screen } from '../kit/screen.ts';
import type { Style } from '../kit/style.ts';
import { clipText, fitText, wrapText } from '../kit/text.ts';
import { addressName, type LanStationsView, learn, totalText } from './cells.ts';
import { describeStation } from './describe.ts';
import type { LanStationRow, LanStationsOptions, StationCounts } from './types.ts';

const LABEL_WIDTH = 16;
const WIDEST_FIGURE = 20;
/** Lines for facts, times, figures and a line of addresses, set apart. */
const LEAST_HEIGHT = 15;

/** "2026-11-21 02:45:00.123 UTC", or UNKNOWN. */
function dayTime(seconds: number): string {
  const iso = isoTime(seconds);
  return iso === null ? UNKNOWN : `${iso.replace('T', ' ').replace('Z', '')} UTC`;
}

type Line = [label: string, text: string, style: Style];

export class StationDetails implements Screen {
  readonly title: string;
  readonly keys: readonly KeyBinding[];
  #view: LanStationsView;
  #row: LanStationRow;
  #isGone = false;

  constructor(row: LanStationRow, view: LanStationsView) {
    this.#row = row;
    this.#view = view;
    const isStation = row.kind === 'station';
    this.title = isStation ? 'LAN station' : 'LAN group';
    const back = isStation ? 'Stations' : 'Groups';
    const keys: KeyBinding[] = [
      { keys: ['ESCAPE', 'q'], label: 'Esc', help: `Back to the ${back.toLowerCase()}`, bar: back, run: () => BACK },
    ];
    if (isStation) {
      keys.push(
        {
          keys: ['d', 'D', 'ENTER'],
          label: 'd',
          help: 'Give the station a description, or take it away',
          bar: 'Describe',
          run: () => describeStation(this.#row.mac, this.#view.stations),
        },
        {
          keys: ['n', 'N'],
          label: 'n',
          help: 'Names of IP addresses (~ as seen on the wire), or addresses',
          bar: 'Names',
          run: () => this.#toggleNames(),
        },
      );
    }
    this.keys = keys;
  }

  queries(): readonly MonitorQuery[] {
    const panel = this.#row.kind === 'station' ? 'stations' : 'groups';
    const options: LanStationsOptions = { panel, byteKind: this.#view.byteKind, search: null };
    const query = { sort: null, descending: false, offset: 0, limit: 1, follow: this.#row.id, options: { ...options } };
    return [{ monitor: 'lan-stations', query }];
  }

  update([snapshot]: readonly Snapshot[]): void {
    const row = (snapshot as Snapshot<LanStationRow>).rows.find((each) => each.id === this.#row.id);
    this.#isGone = row === undefined;
    this.#row = row ?? this.#row;
    this.#view = learn(this.#view, snapshot);
  }

  draw(canvas: Canvas): void {
    const content = contentArea(canvas);
    canvas.frame(content.x, content.y, content.width, content.height, 'frame', {
      topLeft: this.#row.mac,
      ...(this.#isGone ? { bottomLeft: 'gone: these are the last figures' } : {}),
    });
    const area = inner(content);
    const isStation = this.#row.kind === 'station';
    // On a low terminal what it carried comes before when.
    const isLow = area.height < LEAST_HEIGHT;
    const gap = isLow ? 0 : 1;
    let y = this.#lines(canvas, area, area.y, isStation ? this.#stationFacts() : this.#groupFacts());
    if (!isLow) y = this.#lines(canvas, area, y, this.#times());
    y = this.#drawFigures(canvas, area, y + gap);
    if (isStation) y = this.#drawAddresses(canvas, area, y + gap);
    if (isLow) this.#lines(canvas, area, y, this.#times());
  }

  #stationFacts(): Line[] {
    const { mac } = this.#row;
    const { stations } = this.#view;
    const own = stations.own(mac);
    const inEthers = stations.inEthers(mac);
    const description: [string, Style] =
      own !== null
        ? [own, 'title']
        : inEthers !== null
          ? [`${inEthers}  (from /etc/ethers)`, 'title']
          : ['none, d gives it one', 'dim'];
    const local = 'none: a local address (virtual, or random for privacy)';
    const vendor = stations.vendor(mac);
    const unknown = localWord(mac) === null ? 'not known' : local;
    return [
      ['Station', `${mac} on ${this.#row.interface}`, 'value'],
      ['Description', ...description],
      ['Vendor', vendor ?? unknown, vendor === null ? 'dim' : 'value'],
    ];
  }

  #groupFacts(): Line[] {
    const { mac } = this.#row;
    return [
      ['Group', `${mac} on ${this.#row.interface}`, 'value'],
      ['To whom', this.#view.stations.description(mac) ?? 'not known', 'value'],
    ];
  }

  #times(): Line[] {
    const { firstSeen, lastSeen } = this.#row;
    return [
      ['First frame', `${dayTime(firstSeen)}, ${agoText(this.#view.time - firstSeen)} ago`, 'value'],
      ['Last frame', `${dayTime(lastSeen)}, ${agoText(this.#view.time - lastSeen)} ago`, 'value'],
    ];
  }

  #drawFigures(canvas: Canvas, area: Area, top: number): number {
    const { rate } = this.#view;
    const { in: inward, out, bytesPerSecond, wireBytesPerSecond, kind } = this.#row;
    const pair = (name: keyof StationCounts): [number, number] => [inward[name], out[name]];
    const bytes = (value: number | null): string => formatBytes(value, rate.base);
    const speed = (value: number | null): string => formatRate(value, rate);
    const figures: [string, [number | null, number | null], (value: number | null) => string][] = [
      ['Packets', pair('packets'), formatCount],
      ['IP packets', pair('ipPackets'), formatCount],
      ['IP bytes', pair('ipBytes'), bytes],
      ['Wire bytes', pair('wireBytes'), bytes],
      ['IP rate', bytesPerSecond, speed],
      ['Wire rate', wireBytesPerSecond, speed],
    ];
    // Nobody sends from a group's address.
    const shown = kind === 'station' ? 3 : 1;
    const width = Math.min(WIDEST_FIGURE, Math.floor((area.width - LABEL_WIDTH - 2) / 3) - 2);
    const cells = (texts: string[]): string =>
      texts
        .slice(0, shown)
        .map((text) => fitText(text, width, 'right'))
        .join('  ');
    const titles = width < 'Out (from it)'.length ? ['in', 'out', 'both'] : ['In (to it)', 'Out (from it)', 'both'];
    const lines: Line[] = [['', cells(titles), 'heading']];
    for (const [label, [a, b], format] of figures) {
      lines.push([label, cells([format(a), format(b), format(a === null || b === null ? null : a + b)]), 'value']);
    }
    return this.#lines(canvas, area, top, lines);
  }

  /** Returns the line after them. */
  #drawAddresses(canvas: Canvas, area: Area, top: number): number {
    const { addresses, addressesTotal: total } = this.#row;
    const label = 'IP addresses';
    if (total === 0) {
      return this.#lines(canvas, area, top, [[label, 'it has not sent an IP packet yet', 'dim']]);
    }
    const width = Math.max(20, area.width - LABEL_WIDTH - 2);
    const many = `${totalText(this.#row)}: a router's, of those it forwards for, or forged. The newest:`;
    const intro = total > addresses.length ? wrapText(many, width) : [];
    const listed = wrapText(addresses.map((address) => addressName(address, this.#view)).join(', '), width);
    const room = Math.max(1, area.y + area.height - top);
    const lines = [...intro, ...listed];
    const shown = lines.slice(0, room);
    if (shown.length < lines.length) shown[room - 1] = `${clipText(shown[room - 1], width - 2)} …`;
    const styled = shown.map((text, i): Line => [i === 0 ? label : '', text, i < intro.length ? 'text' : 'value']);
    return this.#lines(canvas, area, top, styled);
  }

  /** Labels and texts from line `y` on; what lies below the frame is left out. Returns the line after them. */
  #lines(canvas: Canvas, area: Area, y: number, lines: readonly Line[]): number {
    for (const [i, [label, text, style]] of lines.entries()) {
      if (y + i >= area.y + area.height) break;
      canvas.text(area.x + 1, y + i, label, 'text');
      canvas.text(area.x + 1 + LABEL_WIDTH, y + i, clipText(text, area.width - LABEL_WIDTH - 2), style);
    }
    return y + lines.length;
  }

  #toggleNames(): Reaction {
    this.#view = { ...this.#view, showNames: !this.#view.showNames };
    return REDRAW;
  }

  onKey(key: string): Reaction {
    return dispatchKey(this.keys, key);
  }
}
