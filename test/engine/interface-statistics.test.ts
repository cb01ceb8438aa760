import { beforeEach, describe, expect, it } from 'vitest';
import { Bus } from '../../src/engine/bus.ts';
import { InterfaceStatistics } from '../../src/engine/interface-statistics.ts';
import { PACKET_TYPE } from '../../src/wire/packet-batch.ts';
import { decodedBatch } from '../support/decoded.ts';

let bus: Bus;
let statistics: InterfaceStatistics;
beforeEach(() => {
  bus = new Bus();
  statistics = new InterfaceStatistics(bus);
});

/** Incoming and outgoing UDP packets of 100 IP bytes. */
function pass(incoming: number, outgoing: number, slot = 0): void {
  const types = [...Array(incoming).fill(PACKET_TYPE.host), ...Array(outgoing).fill(PACKET_TYPE.outgoing)];
  const batch = decodedBatch(types.map(() => ({ source: 1, destination: 2, slot, ipBytes: 100, wireBytes: 114 })));
  batch.packets.packetType.set(types);
  bus.emit('batch', batch);
}

function close(elapsed: number, interval: number): void {
  bus.emit('window', { time: 1000 + elapsed, elapsed, interval });
}

const rates = (packets: number): object => ({
  packetsPerSecond: packets,
  bytesPerSecond: packets * 100,
  wireBytesPerSecond: packets * 114,
});

describe('interface statistics', () => {
  it('have no rates before a window has closed, and none of a window without a length', () => {
    pass(1, 1);
    close(0, 0);
    expect(statistics.ratesOf(0, 'total', 'total')).toBeNull();
    expect(statistics.peaksOf(0, 'total', 'total')).toBeNull();
    expect(statistics.averagesOf(0, 'total', 'total')).toBeNull();
  });

  it('divide by what really elapsed, in each direction and class', () => {
    pass(6, 2);
    close(2, 2);
    expect(statistics.ratesOf(0, 'in', 'udp')).toEqual(rates(3));
    expect(statistics.ratesOf(0, 'out', 'total')).toEqual(rates(1));
    expect(statistics.ratesOf(0, 'total', 'ipv4')).toEqual(rates(4));
    expect(statistics.ratesOf(0, 'total', 'tcp')).toEqual(rates(0));
    expect(statistics.ratesOf(77, 'total', 'total')).toEqual(rates(0));
  });

  it('keep the highest rate of each direction and of their sum', () => {
    pass(4, 0);
    close(1, 1);
    pass(1, 3);
    close(2, 1);
    close(3, 1);
    expect(statistics.ratesOf(0, 'total', 'total')).toEqual(rates(0));
    expect(statistics.peaksOf(0, 'in', 'total')).toEqual(rates(4));
    expect(statistics.peaksOf(0, 'out', 'total')).toEqual(rates(3));
    expect(statistics.peaksOf(0, 'total', 'total')).toEqual(rates(4));
  });

  it('average from the start to the end of the last window', () => {
    pass(4, 0);
    close(1, 1);
    close(4, 3);
    pass(100, 0);
    expect(statistics.averagesOf(0, 'total', 'total')).toEqual(rates(1));
  });

  it('learn of interfaces that come later', () => {
    pass(1, 0);
    close(1, 1);
    pass(5, 0, 30);
    close(2, 1);
    expect(statistics.ratesOf(30, 'in', 'total')).toEqual(rates(5));
    expect(statistics.ratesOf(0, 'in', 'total')).toEqual(rates(0));
    expect(statistics.peaksOf(0, 'in', 'total')).toEqual(rates(1));
  });

  it('begin anew after a reset', () => {
    pass(9, 0);
    close(1, 1);
    bus.emit('reset');
    expect(statistics.ratesOf(0, 'total', 'total')).toBeNull();
    pass(2, 0);
    close(1, 1);
    expect(statistics.ratesOf(0, 'total', 'total')).toEqual(rates(2));
    expect(statistics.peaksOf(0, 'total', 'total')).toEqual(rates(2));
  });
});
