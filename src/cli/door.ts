/** What a predecessor's front door adds to the options of the main command. */
import type { PairsView } from '../../screens/host-pairs/view.ts';
import type { PairOptions } from '../engine/messages.ts';

/** iptraf-ts iftop … (CONTRACT section 1): the host pair monitor, as iftop's options and ~/.iftoprc say. */
export interface IftopDoor {
  name: 'iftop';
  view: PairsView;
  pairs: PairOptions;
  /** Rates in bytes (-B) or packets (-u packets) instead of bits; iftop's own base is 1024. */
  unit: 'bits' | 'bytes' | 'packets';
  /** Capture expression (-f), which key f edits, or null. */
  expression: string | null;
  /** iftop's text output: with -t (OptionValues.text), and where there is no terminal for a screen. */
  text: IftopText;
}

export interface IftopText {
  /** One report after so many seconds, and the end (-s); null: a report every two seconds. */
  afterSeconds: number | null;
  /** Rows of a report (-L); 0: all. */
  lines: number;
}

export type Door = IftopDoor;
