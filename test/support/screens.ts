/** Screens without a terminal: canvases of a size, snapshot heads, a surface that keeps what was shown. */

import { createCanvas, type TextGrid } from '../../screens/kit/canvas.ts';
import { type ChromeState, drawScreens } from '../../screens/kit/chrome.ts';
import type { Screen } from '../../screens/kit/screen.ts';
import type { Surface } from '../../screens/kit/surface.ts';
import type { SnapshotHead } from '../../src/engine/messages.ts';

/** The sizes of golden screens. */
export const SIZES = [
  [80, 24],
  [120, 40],
  [200, 60],
] as const;

export const PROGRAM = 'iptraf-ts 0.1.0';

/** A snapshot's head as a quiet capture gives it; parts can be replaced. */
export function snapshotHead(parts: Partial<SnapshotHead> = {}): SnapshotHead {
  return {
    monitor: 'ip-traffic',
    time: 1_700_000_000,
    elapsedSeconds: 3725,
    interface: 'eth0',
    capture: {
      source: 'ring',
      received: 123_456,
      droppedByKernel: 0,
      droppedByInterface: 0,
      malformed: 2,
      malformedByReason: {},
      filteredOut: 0,
      filter: null,
      passed: null,
      kernelFilterRefusal: null,
      coverage: 1,
      freezes: 0,
      notWritten: 0,
    },
    totals: {
      packets: 123_456,
      buffers: 100_000,
      ipBytes: 98_765_432,
      wireBytes: 99_999_999,
      packetsPerSecond: 1234,
      bytesPerSecond: 1_234_567,
      wireBytesPerSecond: 1_300_000,
    },
    evicted: { conversations: 0, packets: 0, ipBytes: 0, wireBytes: 0 },
    interfaces: [{ slot: 0, name: 'eth0', up: true }],
    ...parts,
  };
}

/** A stack of screens with its chrome, drawn at a size. */
export function drawStack(
  stack: readonly Screen[],
  width: number,
  height: number,
  { ascii = false, ...state }: Partial<ChromeState> & { ascii?: boolean } = {},
): TextGrid {
  const canvas = createCanvas(width, height, ascii);
  drawScreens(canvas, stack, { program: PROGRAM, head: null, message: null, paused: false, ...state });
  return canvas;
}

/** A surface in memory. */
export class MemorySurface implements Surface {
  width: number;
  height: number;
  isBusy = false;
  frames = 0;
  forgotten = 0;
  suspended = 0;
  shown = '';

  constructor(width = 80, height = 24) {
    this.width = width;
    this.height = height;
  }

  canvas(): TextGrid {
    return createCanvas(this.width, this.height);
  }

  show(grid: TextGrid): void {
    this.frames++;
    this.shown = grid.toText();
  }

  forget(): void {
    this.forgotten++;
  }

  suspend(): void {
    this.suspended++;
  }

  /** A line of the last frame. */
  line(y: number): string {
    return this.shown.split('\n')[y] ?? '';
  }
}
