import { expect, it } from 'vitest';
import { type Verdict, verdictOf } from '../../src/capture/doctor-probes.ts';

it.each<{ ring: Verdict; pcap: boolean; privileged: boolean; verdict: Verdict }>([
  { ring: 'works', pcap: false, privileged: true, verdict: 'works' },
  { ring: 'denied', pcap: true, privileged: false, verdict: 'denied' },
  { ring: 'denied', pcap: false, privileged: false, verdict: 'denied' },
  { ring: 'unavailable', pcap: true, privileged: true, verdict: 'works' },
  { ring: 'unavailable', pcap: true, privileged: false, verdict: 'denied' },
  { ring: 'unavailable', pcap: false, privileged: true, verdict: 'unavailable' },
  { ring: 'unavailable', pcap: false, privileged: false, verdict: 'unavailable' },
])('ring $ring, pcap package $pcap, privileged $privileged: $verdict', ({ ring, pcap, privileged, verdict }) => {
  expect(verdictOf(ring, pcap, privileged)).toBe(verdict);
});
