/**
 * What `doctor` finds out about capturing: each probe tries the real thing for a moment and says what to do when it
 * does not work. No probe throws.
 */
import { OperatorError } from '../base/errors.ts';
import { CAPABILITY, hasCapability } from '../native/capabilities.ts';
import { firstLine, SystemCallError } from '../native/koffi.ts';
import { compileExpression } from '../native/libpcap.ts';
import { PacketSocket } from '../native/packet-socket.ts';
import { changeOfUserRefusal, NOBODY } from '../native/privileges.ts';
import { LINKTYPE } from '../wire/numbers.ts';
import { DEFAULT_CHILD_PATH, PCAP_REMEDY, PcapProcess } from './pcap/pcap-process.ts';
import { PERMISSION_REMEDY } from './permission.ts';

/** One finding. */
export interface Probe {
  name: string;
  ok: boolean;
  /** What was found. */
  detail: string;
  /** What to do about it, or null. */
  remedy: string | null;
}

/** Whether this process could capture; denied: it could with the privilege. */
export type Verdict = 'works' | 'denied' | 'unavailable';

export interface Diagnosis {
  /** In the order to show them. */
  probes: Probe[];
  verdict: Verdict;
}

/** Tries the capture sources and what goes with them. */
export async function diagnose(childPath = DEFAULT_CHILD_PATH): Promise<Diagnosis> {
  const privilege = probeCapability();
  const ring = probeRing();
  const pcap = await probePcapPackage(childPath);
  return {
    probes: [privilege, ...probeGivingUp(), ...ring.probes, pcap, probeExpressions()],
    verdict: verdictOf(ring.verdict, pcap.ok, privilege.ok),
  };
}

/** Any source is enough. That the `pcap` package loads does not yet mean that it may capture. */
export function verdictOf(ring: Verdict, pcapLoads: boolean, privileged: boolean): Verdict {
  if (ring !== 'unavailable') return ring;
  if (!pcapLoads) return 'unavailable';
  return privileged ? 'works' : 'denied';
}

function found(name: string, detail: string): Probe {
  return { name, ok: true, detail, remedy: null };
}

function lacking(name: string, detail: string, remedy: string | null): Probe {
  return { name, ok: false, detail, remedy };
}

function probeCapability(): Probe {
  const name = 'privilege';
  if (hasCapability(CAPABILITY.netRaw)) return found(name, 'CAP_NET_RAW is there');
  return lacking(name, 'CAP_NET_RAW is missing: nothing can be captured', PERMISSION_REMEDY);
}

/** Of root: what becomes of its other rights while packets are read (src/cli/run-as.ts). */
function probeGivingUp(): Probe[] {
  if (process.geteuid?.() !== 0) return [];
  const refusal = changeOfUserRefusal({ name: 'nobody', uid: NOBODY, gid: NOBODY, groups: [NOBODY] });
  const becomes = 'what reads packets becomes nobody, with CAP_NET_RAW alone (--user NAME: somebody else)';
  return [
    found('giving up', refusal === null ? becomes : `not possible here, what reads packets stays root: ${refusal}`),
  ];
}

/** Opens the smallest ring for a moment, bound to nothing. */
function probeRing(): Diagnosis {
  const ring = 'packet ring';
  const offload = 'offloaded packets';
  try {
    const socket = new PacketSocket(2);
    const { vnetHeader } = socket;
    socket.close();
    const segments = vnetHeader
      ? found(offload, 'the kernel tells segment sizes (PACKET_VNET_HDR)')
      : lacking(offload, 'the kernel tells no segment sizes: an offloaded buffer counts as one packet', null);
    return { probes: [found(ring, 'TPACKET_V3 works'), segments], verdict: 'works' };
  } catch (error) {
    const denied = error instanceof SystemCallError && (error.code === 'EPERM' || error.code === 'EACCES');
    return {
      probes: [lacking(ring, reason(error), denied ? PERMISSION_REMEDY : 'libpcap takes its place, where it works')],
      verdict: denied ? 'denied' : 'unavailable',
    };
  }
}

async function probePcapPackage(childPath: string): Promise<Probe> {
  const name = 'pcap package';
  const child = new PcapProcess(childPath, { type: 'probe' });
  const message = await child.firstMessage();
  await child.stop();
  if (message.type === 'available') return found(name, message.version);
  return lacking(name, `capturing with libpcap does not work: ${'cause' in message ? message.cause : ''}`, PCAP_REMEDY);
}

function probeExpressions(): Probe {
  const name = 'expressions';
  try {
    compileExpression('tcp port 443', LINKTYPE.ethernet, 256);
    return found(name, 'libpcap compiles capture expressions');
  } catch (error) {
    const remedy = error instanceof OperatorError ? (error.fields.remedy ?? null) : null;
    return lacking(name, `--bpf does not work: ${reason(error)}`, remedy);
  }
}

function reason(error: unknown): string {
  return error instanceof OperatorError ? error.fields.cause : firstLine(error);
}
