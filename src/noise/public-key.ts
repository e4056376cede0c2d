import { createPublicKey } from 'node:crypto'
import { withoutStack } from '../base/index.ts'
import type { KeyObject } from 'node:crypto'

export type KeyType = 'x25519' | 'ed25519'

/** What stands before the 32 bytes of a public key in SPKI; RFC 8410, 4. */
const SPKI_PREFIXES: Readonly<Record<KeyType, Uint8Array>> = {
  x25519: Buffer.from('302a300506032b656e032100', 'hex'),
  ed25519: Buffer.from('302a300506032b6570032100', 'hex')
}

/** Makes a key of its 32 bytes: as text where it must be, as OpenSSL's decoder of that is slow in a process that does much else. */
export const publicKeyOf = takesBytes() ? keyOfBytes : keyOfText

/** Without a stack, as Node finds out by exceptions, which nobody sees, that what it gets is no key of its own. */
export function keyOfBytes (type: KeyType, bytes: Uint8Array): KeyObject {
  return withoutStack(() => createPublicKey({ key: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), format: 'raw-public', asymmetricKeyType: type }))
}

export function keyOfText (type: KeyType, bytes: Uint8Array): KeyObject {
  return createPublicKey(`-----BEGIN PUBLIC KEY-----\n${Buffer.concat([SPKI_PREFIXES[type], bytes]).toString('base64')}\n-----END PUBLIC KEY-----`)
}

/** The Node of this project does, and older ones that it supports do not. */
function takesBytes (): boolean {
  try {
    keyOfBytes('x25519', Uint8Array.of(9, ...new Uint8Array(31)))

    return true
  } catch {
    return false
  }
}
