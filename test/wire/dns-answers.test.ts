import { describe, expect, it } from 'vitest';
import { formatAddress } from '../../src/wire/address.ts';
import { DnsAnswers } from '../../src/wire/dns-answers.ts';
import { a, aaaa, cname, type DnsFields, dnsMessage } from '../support/dns-messages.ts';
import { concat, filler, hex, u16 } from '../support/packets.ts';

const QUESTION = { pointer: 12 };

type Told = [address: string, name: string];

function told(read: (answers: DnsAnswers) => void): Told[] {
  const found: Told[] = [];
  read(new DnsAnswers(1, (words, network, name) => found.push([formatAddress(words, 0, network), name.text])));
  return found;
}

/** The message stands between other bytes; `cut` of its last bytes were not captured, though they are there. */
function read(message: Uint8Array, { cut = 0, multicast = false } = {}): Told[] {
  const bytes = concat(filler(5, 0xc0), message, filler(30));
  const end = 5 + message.length - cut;
  return told((answers) => answers.read(bytes, new DataView(bytes.buffer), 5, end, multicast));
}

const message = (fields: DnsFields): Told[] => read(dnsMessage(fields));

describe('answers of DNS', () => {
  it('give the addresses of the name that was asked for', () => {
    const answers = [a(QUESTION, '192.0.2.1'), a('www.example.com', '192.0.2.2'), aaaa(QUESTION, '2001:db8::1')];
    expect(message({ questions: ['www.example.com'], answers })).toEqual([
      ['192.0.2.1', 'www.example.com'],
      ['192.0.2.2', 'www.example.com'],
      ['2001:db8::1', 'www.example.com'],
    ]);
  });

  it('give them behind a chain of aliases, in whatever order it stands', () => {
    const chain = [cname(QUESTION, 'cdn.example.net'), cname('cdn.example.net', 'edge7.example.org')];
    const address = a('Edge7.Example.ORG', '192.0.2.7');
    for (const answers of [
      [...chain, address],
      [address, chain[1], chain[0]],
    ]) {
      expect(message({ questions: ['shop.example.com'], answers })).toEqual([['192.0.2.7', 'shop.example.com']]);
    }
  });

  it('follow pointers within names', () => {
    // "www" + pointer to "example.com" within the question; the alias points at its own target's tail.
    const tail = { pointer: 16 };
    const owner = concat(hex('03777777'), u16(0xc000 | tail.pointer));
    expect(message({ questions: ['www.example.com'], answers: [a(owner, '192.0.2.1')] })).toEqual([
      ['192.0.2.1', 'www.example.com'],
    ]);
  });

  it('keep the case that came', () => {
    expect(message({ questions: ['wWw.ExAmple.com'], answers: [a('www.example.COM', '192.0.2.1')] })).toEqual([
      ['192.0.2.1', 'wWw.ExAmple.com'],
    ]);
  });

  it.each<[string, DnsFields]>([
    ['a question', { flags: 0x0100, questions: ['a.example'], answers: [a(QUESTION, '192.0.2.1')] }],
    ['no such name', { flags: 0x8183, questions: ['a.example'], answers: [a(QUESTION, '192.0.2.1')] }],
    ['another operation', { flags: 0xa800, questions: ['a.example'], answers: [a(QUESTION, '192.0.2.1')] }],
    ['no question', { answers: [a('a.example', '192.0.2.1')] }],
    ['two questions', { questions: ['a.example', 'b.example'], answers: [a(QUESTION, '192.0.2.1')] }],
    ['an address that no chain leads to', { questions: ['a.example'], answers: [a('b.example', '192.0.2.1')] }],
    ['glue', { questions: ['a.example'], answers: [], additional: [a(QUESTION, '192.0.2.1')] }],
    ['another class', { questions: ['a.example'], answers: [{ ...a(QUESTION, '192.0.2.1'), class: 3 }] }],
    ['an address of 5 bytes', { questions: ['a.example'], answers: [{ owner: QUESTION, type: 1, data: filler(5) }] }],
    [
      'what blockers answer',
      { questions: ['ads.example'], answers: [a(QUESTION, '0.0.0.0'), a(QUESTION, '127.0.0.1')] },
    ],
    [
      'what they answer for IPv6',
      { questions: ['ads.example'], answers: [aaaa(QUESTION, '::'), aaaa(QUESTION, '::1')] },
    ],
    ['a name with a space', { questions: ['a b.example'], answers: [a(QUESTION, '192.0.2.1')] }],
    ['a name with an escape', { questions: ['a\u001b[2J.example'], answers: [a(QUESTION, '192.0.2.1')] }],
    ['a name with a dot in a label', { questions: [concat(hex('03612e2e00'))], answers: [a(QUESTION, '192.0.2.1')] }],
    ['an address as a name', { questions: ['10.0.0.1'], answers: [a(QUESTION, '192.0.2.1')] }],
    ['the root', { questions: [''], answers: [a(QUESTION, '192.0.2.1')] }],
    ['a name that is its own alias', { questions: ['a.example'], answers: [cname(QUESTION, QUESTION)] }],
  ])('tell nothing: %s', (_name, fields) => {
    expect(message(fields)).toEqual([]);
  });

  it('take names of 253 characters and no longer ones', () => {
    const label = 'x'.repeat(63);
    const longest = [label, label, label, 'x'.repeat(61)].join('.');
    expect(longest).toHaveLength(253);
    expect(message({ questions: [longest], answers: [a(QUESTION, '192.0.2.1')] })).toEqual([['192.0.2.1', longest]]);
    expect(message({ questions: [`${longest}x`], answers: [a(QUESTION, '192.0.2.1')] })).toEqual([]);
  });

  it.each([
    ['a pointer to itself', { questions: [{ pointer: 12 }], answers: [a('a.example', '192.0.2.1')] }],
    ['pointers in a circle', { questions: [hex('0161c00c')], answers: [a(QUESTION, '192.0.2.1')] }],
    ['a pointer beyond the message', { questions: [{ pointer: 0x3fff }], answers: [a(QUESTION, '192.0.2.1')] }],
    ['a label that runs beyond it', { questions: [hex('3f61')], answers: [] }],
    ['a label of an unknown kind', { questions: [hex('8061')], answers: [a(QUESTION, '192.0.2.1')] }],
    ['counts that are not true', { questions: ['a.example'], counts: [1, 0xffff, 0xffff, 0xffff] as const }],
  ])('survive %s', (_name, fields: DnsFields) => {
    expect(message(fields)).toEqual([]);
  });

  it('survive an alias that points in a circle, and find the address beside it', () => {
    const answers = [cname(QUESTION, hex('c0c0')), a(QUESTION, '192.0.2.1')];
    expect(message({ questions: ['a.example'], answers })).toEqual([['192.0.2.1', 'a.example']]);
  });

  it('are not followed without end: names are read up to 2048 bytes of a message', () => {
    const long = ['x', 'y', 'z'].map((letter) => letter.repeat(63)).join('.');
    const names = Array.from({ length: 20 }, (_, k) => a(k % 2 === 0 ? long : 'other.example', `192.0.2.${k}`));
    expect(message({ questions: [long], answers: names })).toHaveLength(9);
  });

  it('count as far as they were captured', () => {
    const whole = dnsMessage({
      questions: ['a.example'],
      answers: [a(QUESTION, '192.0.2.1'), a(QUESTION, '192.0.2.2')],
    });
    expect(read(whole, { cut: 1 })).toEqual([['192.0.2.1', 'a.example']]);
    expect(read(whole, { cut: 17 })).toEqual([]);
    expect(read(whole, { cut: whole.length })).toEqual([]);
  });

  it('come over TCP behind their lengths', () => {
    const [first, second] = ['a.example', 'b.example'].map((name, k) =>
      dnsMessage({ questions: [name], answers: [a(QUESTION, `192.0.2.${k}`)] }),
    );
    const bytes = concat(u16(first.length), first, u16(second.length), second);
    const stream = told((answers) => answers.readStream(bytes, new DataView(bytes.buffer), 0, bytes.length));
    expect(stream).toEqual([
      ['192.0.2.0', 'a.example'],
      ['192.0.2.1', 'b.example'],
    ]);
    const cut = told((answers) => answers.readStream(bytes, new DataView(bytes.buffer), 0, bytes.length - 1));
    expect(cut).toEqual([['192.0.2.0', 'a.example']]);
  });
});

describe('answers of multicast DNS', () => {
  const flush = { class: 0x8001 };

  it('stand for themselves, also in the additional section and without a question', () => {
    const message = dnsMessage({
      flags: 0x8400,
      answers: [{ ...a('printer.local', '192.168.1.9'), ...flush }],
      additional: [
        { ...aaaa('printer.local', 'fe80::9'), ...flush },
        { ...a('two words.local', '192.168.1.8'), ...flush },
      ],
    });
    expect(read(message, { multicast: true })).toEqual([
      ['192.168.1.9', 'printer.local'],
      ['fe80::9', 'printer.local'],
    ]);
  });

  it('follow their questions, where they have any', () => {
    const message = dnsMessage({ flags: 0x8400, questions: ['x.local'], answers: [a(QUESTION, '192.168.1.9')] });
    expect(read(message, { multicast: true })).toEqual([['192.168.1.9', 'x.local']]);
  });

  it('are no probes', () => {
    const probe = dnsMessage({ flags: 0, questions: ['x.local'], answers: [a('x.local', '192.168.1.9')] });
    expect(read(probe, { multicast: true })).toEqual([]);
  });
});
