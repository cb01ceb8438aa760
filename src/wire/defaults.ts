/** What columns hold where nothing applies, so that no value of an earlier batch shows through. */
import { DECODE_STATUS, DecodedBatch, FRAGMENT, NETWORK, NO_ROW } from './decoded-batch.ts';
import { BATCH_CAPACITY } from './packet-batch.ts';

/** Columns of packets from…to. The hot path counts on these alone: it writes every other column itself. */
export function setDefaults(out: DecodedBatch, from: number, to: number): void {
  out.status.fill(DECODE_STATUS.ok, from, to);
  out.vlan.fill(0, from, to);
  out.segments.fill(1, from, to);
  out.fragment.fill(FRAGMENT.none, from, to);
  out.tcpFlags.fill(0, from, to);
  out.tcpSequence.fill(0, from, to);
  out.tcpAcknowledgement.fill(0, from, to);
  out.tcpWindow.fill(0, from, to);
  out.icmpType.fill(0, from, to);
  out.selected.fill(1, from, to);
  out.row.fill(NO_ROW, from, to);
}

/** What setDefaults makes of a whole batch: the columns that it writes lie side by side (decoded-columns.ts). */
const DEFAULTED = defaultedColumns();

function defaultedColumns(): Uint8Array {
  const batch = new DecodedBatch();
  setDefaults(batch, 0, BATCH_CAPACITY);
  return batch.columns.defaulted;
}

/** setDefaults for all packets that a batch can hold: one copy instead of a fill for each column. */
export function setBatchDefaults(out: DecodedBatch): void {
  out.columns.defaulted.set(DEFAULTED);
}

/** The other columns of packet i, before its layers are decoded. */
export function setLayerDefaults(out: DecodedBatch, i: number): void {
  out.network[i] = NETWORK.other;
  out.etherType[i] = 0;
  out.ipProtocol[i] = 0;
  out.sourcePort[i] = 0;
  out.destinationPort[i] = 0;
  out.ipBytes[i] = 0;
  out.macOffset[i] = -1;
  out.networkOffset[i] = -1;
  out.transportOffset[i] = -1;
  out.payloadLength[i] = 0;
}
