import { createPublicKey, generateKeyPairSync } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { keyOfBytes, keyOfText, publicKeyOf } from '../../src/noise/public-key.ts'

describe.each(['x25519', 'ed25519'] as const)('a public key of %s', (type) => {
  const { publicKey } = generateKeyPairSync(type as 'x25519')
  const bytes = Buffer.from(publicKey.export({ format: 'jwk' }).x ?? '', 'base64url')

  it.each([['bytes', keyOfBytes], ['text', keyOfText], ['whatever is fastest here', publicKeyOf]] as const)('is the same by way of %s', (_way, keyOf) => {
    expect(keyOf(type, bytes).export({ format: 'jwk' })).toEqual(createPublicKey(publicKey.export({ format: 'pem', type: 'spki' })).export({ format: 'jwk' }))
  })
})
