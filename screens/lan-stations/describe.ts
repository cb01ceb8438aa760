/** The question for a station's description, and what the answer changes in the settings. */
import { readDescription } from '../../src/store/setting-kinds.ts';
import { inputDialog, messageDialog } from '../kit/dialog.ts';
import type { Reaction } from '../kit/screen.ts';
import type { StationNames } from './names.ts';

/** Asks for the description of a station; an empty one takes it away. */
export function describeStation(mac: string, stations: StationNames): Reaction {
  const save = (text: string): Reaction => {
    const { [mac]: _, ...others } = stations.descriptions();
    if (text.trim() === '') return change(others);
    try {
      return change({ ...others, [mac]: readDescription(text) });
    } catch (error) {
      return { type: 'open', screen: messageDialog('Description', (error as Error).message) };
    }
  };
  return { type: 'open', screen: inputDialog(`Description of ${mac}`, stations.own(mac) ?? '', save) };
}

function change(stationDescriptions: Readonly<Record<string, string>>): Reaction {
  return { type: 'change-settings', changes: { stationDescriptions } };
}
