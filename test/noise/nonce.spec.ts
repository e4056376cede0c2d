import { describe, expect, it } from 'vitest'
import { Nonce } from '../../src/noise/nonce.ts'

const MAX = 2 ** 32 - 1

function hex (bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}

describe('a nonce', () => {
  it('counts up from 0, as 64 bits little-endian behind 32 zero bits', () => {
    const nonce = new Nonce()

    expect(hex(nonce.next())).toBe('000000000000000000000000')
    expect(hex(nonce.next())).toBe('000000000100000000000000')
    expect(hex(nonce.next())).toBe('000000000200000000000000')
  })

  it('has a value of its own for each of a million messages', () => {
    const nonce = new Nonce()
    const view = new DataView(nonce.next().buffer)
    let mismatches = 0

    for (let i = 1; i < 1_000_000; i++) {
      nonce.next()
      mismatches += view.getBigUint64(4, true) === BigInt(i) ? 0 : 1
    }

    expect(mismatches).toBe(0)
  })

  it('goes beyond 32 bits', () => {
    const nonce = new Nonce(MAX - 1)

    expect(['', '', '', ''].map(() => hex(nonce.next()))).toEqual([
      '00000000feffffff00000000',
      '00000000ffffffff00000000',
      '000000000000000001000000',
      '000000000100000001000000'
    ])
  })

  it('ends before its last value, and stays at its end', () => {
    const nonce = new Nonce(MAX - 1, MAX)

    expect(hex(nonce.next())).toBe('00000000feffffffffffffff')
    expect(() => nonce.next()).toThrow(expect.objectContaining({ code: 'ResourceLimit' }))
    expect(() => nonce.next()).toThrow(expect.objectContaining({ code: 'ResourceLimit' }))
  })
})
