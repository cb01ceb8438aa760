/** Builders for DNS messages; names may point back to a byte of the message. */
import { concat, ipv6Bytes, u8, u16, u32 } from './packets.ts';

/** A name as text, bytes as they are, or a pointer to this byte of the message. */
export type DnsName = string | Uint8Array | { pointer: number };

export interface DnsRecord {
  owner: DnsName;
  type: number;
  class?: number;
  data: Uint8Array;
}

export interface DnsFields {
  flags?: number;
  questions?: readonly DnsName[];
  questionType?: number;
  answers?: readonly DnsRecord[];
  additional?: readonly DnsRecord[];
  /** Counts of questions, answers, authorities and additional records in place of the true ones. */
  counts?: readonly [number, number, number, number];
}

export function dnsName(name: DnsName): Uint8Array {
  if (name instanceof Uint8Array) return name;
  if (typeof name !== 'string') return u16(0xc000 | name.pointer);
  const labels = name === '' ? [] : name.split('.');
  return concat(...labels.map((label) => concat(u8(label.length), Buffer.from(label, 'latin1'))), u8(0));
}

export function a(owner: DnsName, address: string): DnsRecord {
  return { owner, type: 1, data: Uint8Array.from(address.split('.').map(Number)) };
}

export function aaaa(owner: DnsName, address: string): DnsRecord {
  return { owner, type: 28, data: ipv6Bytes(address) };
}

export function cname(owner: DnsName, target: DnsName): DnsRecord {
  return { owner, type: 5, data: dnsName(target) };
}

export function dnsMessage(fields: DnsFields): Uint8Array {
  const { flags = 0x8180, questions = [], questionType = 1, answers = [], additional = [] } = fields;
  const counts = fields.counts ?? [questions.length, answers.length, 0, additional.length];
  return concat(
    u16(0x1234, flags, ...counts),
    ...questions.map((name) => concat(dnsName(name), u16(questionType, 1))),
    ...[...answers, ...additional].map(recordBytes),
  );
}

function recordBytes({ owner, type, class: recordClass = 1, data }: DnsRecord): Uint8Array {
  return concat(dnsName(owner), u16(type, recordClass), u32(60), u16(data.length), data);
}
