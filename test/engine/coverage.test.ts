import { describe, expect, it } from 'vitest';
import { Coverage } from '../../src/engine/coverage.ts';

describe('Coverage', () => {
  it('is unknown until there was traffic to compare', () => {
    const coverage = new Coverage();
    expect(coverage.value()).toBeNull();
    coverage.sample([{ name: 'a', kernelPackets: 1000, capturedPackets: 0 }]);
    expect(coverage.value()).toBeNull();
    coverage.sample([{ name: 'a', kernelPackets: 1000, capturedPackets: 0 }]);
    expect(coverage.value()).toBeNull();
  });

  it('compares what was counted since the first sample, not since boot', () => {
    const coverage = new Coverage();
    coverage.sample([{ name: 'a', kernelPackets: 1000, capturedPackets: 0 }]);
    coverage.sample([{ name: 'a', kernelPackets: 1200, capturedPackets: 150 }]);
    expect(coverage.value()).toBeCloseTo(0.75, 10);
  });

  it('forgets what is older than a minute', () => {
    const coverage = new Coverage();
    coverage.sample([{ name: 'a', kernelPackets: 0, capturedPackets: 0 }]);
    coverage.sample([{ name: 'a', kernelPackets: 1000, capturedPackets: 0 }]);
    for (let second = 1; second <= 60; second++) {
      coverage.sample([{ name: 'a', kernelPackets: 1000 + second * 10, capturedPackets: second * 10 }]);
    }
    expect(coverage.value()).toBe(1);
  });

  it('takes what a millisecond carries for no gap, and anything more for one', () => {
    const coverage = new Coverage();
    coverage.sample([{ name: 'a', kernelPackets: 0, capturedPackets: 0 }]);
    coverage.sample([{ name: 'a', kernelPackets: 100_000, capturedPackets: 99_900 }]);
    expect(coverage.value()).toBe(1);
    coverage.sample([{ name: 'a', kernelPackets: 200_000, capturedPackets: 199_800 }]);
    expect(coverage.value()).toBeCloseTo(0.999, 10);
  });

  it('begins again when an interface was made anew', () => {
    const coverage = new Coverage();
    coverage.sample([{ name: 'a', kernelPackets: 500, capturedPackets: 0 }]);
    coverage.sample([{ name: 'a', kernelPackets: 600, capturedPackets: 100 }]);
    coverage.sample([{ name: 'a', kernelPackets: 5, capturedPackets: 105 }]);
    coverage.sample([{ name: 'a', kernelPackets: 105, capturedPackets: 205 }]);
    expect(coverage.value()).toBe(1);
  });
});
