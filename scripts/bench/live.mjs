// Live measurements: CPU a packet at a steady rate, loss at full speed, memory, a frame of the screen, idle cost.
import { setTimeout as sleep } from 'node:timers/promises';
import { INTERFACE, packetsArrived, startSender } from './link.mjs';
import { anonymousBytes, cpuNanoseconds, processTree, residentBytes } from './processes.mjs';
import { inTerminal, isInstalled, PROGRAM, TOOLS } from './tools.mjs';

export const RATE = 200_000;
/** From here on a tool used up its processor: it cannot have counted everything. */
const SATURATED = 0.9;

/** CPU of all of a tool's processes over `seconds`, divided by the packets that arrived. */
async function overWindow(tool, seconds) {
  const pids = processTree(tool.pid);
  const before = {
    cpu: cpuNanoseconds(pids),
    packets: packetsArrived(tool.pid),
    time: performance.now(),
    bytes: tool.bytes,
  };
  await sleep(seconds * 1000);
  const elapsed = (performance.now() - before.time) / 1000;
  const cpu = cpuNanoseconds(pids) - before.cpu;
  const packets = packetsArrived(tool.pid) - before.packets;
  return {
    nanosecondsPerPacket: packets === 0 ? null : cpu / packets,
    cpuShare: cpu / 1e9 / elapsed,
    packetsPerSecond: packets / elapsed,
    bytesPerSecond: (tool.bytes - before.bytes) / elapsed,
    resident: residentBytes(pids),
    anonymous: anonymousBytes(pids),
  };
}

/** One tool under traffic of so many conversations, after all of them were seen. null: not installed. */
export async function cpuPerPacket(sender, name, traffic) {
  const { run, needs } = TOOLS[name];
  return needs !== null && !isInstalled(needs) ? null : cpuUnderTraffic(sender, run, traffic);
}

/** The same for a tool that `run` starts. */
export async function cpuUnderTraffic(sender, run, { conversations, traffic = 'mixed', warmUp, seconds }) {
  const tool = run();
  await sleep(1000);
  const sending = startSender(sender, { traffic, conversations, rate: RATE, seconds: warmUp + seconds + 30 });
  await sleep(warmUp * 1000);
  const result = await overWindow(tool, seconds);
  await sending.stop();
  await tool.stop();
  return { ...result, saturated: result.cpuShare > SATURATED };
}

/** As fast as the sender goes: what arrived against what the tool counted. */
export async function fullSpeed(sender, name, { conversations, seconds }) {
  const { run, needs } = TOOLS[name];
  if (needs !== null && !isInstalled(needs)) return null;
  const tool = run();
  await sleep(1500);
  const arrivedBefore = packetsArrived(tool.pid);
  const sent = await startSender(sender, { traffic: 'mixed', conversations, rate: 0, seconds }).result;
  await sleep(1500);
  const arrived = packetsArrived(tool.pid) - arrivedBefore;
  await tool.stop();
  return { packetsPerSecond: sent.sent / sent.seconds, arrived, ...counted(name, tool.output) };
}

function counted(name, output) {
  if (name.startsWith('tcpdump')) {
    const number = (pattern) => Number(output.match(pattern)?.[1] ?? Number.NaN);
    return { counted: number(/(\d+) packets captured/), dropped: number(/(\d+) packets dropped by kernel/) };
  }
  const lines = output.split('\n').filter((line) => line.startsWith('{') && line.endsWith('}'));
  const last = lines
    .map((line) => JSON.parse(line))
    .filter((line) => line.type === 'snapshot')
    .at(-1);
  return { counted: last?.totals.packets ?? Number.NaN, dropped: last?.capture.droppedByKernel ?? Number.NaN };
}

/** The screen with nothing to show: CPU and memory of both processes. */
export async function idle(seconds) {
  const tool = TOOLS['iptraf-ts (screen)'].run();
  await sleep(3000);
  const result = await overWindow(tool, seconds);
  await tool.stop();
  return result;
}

/** Seconds of a screen in which V8 still compiles what is used often: a monitor runs for hours. */
const FRAME_WARM_UP = 30;

/** A screen of 200x60 where every row changes: CPU of the front process and bytes, per frame. */
export async function frame(sender, seconds) {
  const lasting = seconds + FRAME_WARM_UP + 30;
  const sending = startSender(sender, { traffic: 'mixed', conversations: 1000, rate: 20_000, seconds: lasting });
  const tool = inTerminal({ cols: 200, rows: 60 }, process.execPath, PROGRAM, '-i', INTERFACE);
  await sleep(FRAME_WARM_UP * 1000);
  const frames = countFrames(tool);
  const before = { cpu: cpuNanoseconds([tool.pid]), bytes: tool.bytes, frames: frames() };
  await sleep(seconds * 1000);
  const count = frames() - before.frames;
  const result = {
    framesPerSecond: count / seconds,
    milliseconds: (cpuNanoseconds([tool.pid]) - before.cpu) / 1e6 / count,
    bytes: (tool.bytes - before.bytes) / count,
  };
  await tool.stop();
  await sending.stop();
  return result;
}

/** Output that follows a pause of 30 ms begins a frame. */
function countFrames(tool) {
  let count = 0;
  let last = 0;
  tool.onData = () => {
    const time = performance.now();
    if (time - last > 30) count += 1;
    last = time;
  };
  return () => count;
}
