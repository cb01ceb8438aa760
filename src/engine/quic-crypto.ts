/** What Initial packets of QUIC need of cryptography, by node's OpenSSL. The keys are public: nothing here is a secret. */
import { createCipheriv, createDecipheriv, createHmac } from 'node:crypto';
import type { QuicCrypto } from '../wire/quic-initial.ts';

export const quicCrypto: QuicCrypto = {
  hmacSha256: (key, data) => createHmac('sha256', key).update(data).digest(),
  encryptBlock: (key, block) => createCipheriv('aes-128-ecb', key, null).setAutoPadding(false).update(block),
  open(key, nonce, associated, sealed, tag) {
    const cipher = createDecipheriv('aes-128-gcm', key, nonce).setAAD(associated);
    const opened = cipher.update(sealed);
    if (tag === null) return opened;
    try {
      cipher.setAuthTag(tag).final();
      return opened;
    } catch {
      return null;
    }
  },
};
