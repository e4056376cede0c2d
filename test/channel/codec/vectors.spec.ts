import { describe, expect, it } from 'vitest'
import { REFERENCE } from '../../../src/channel/contract/index.ts'
import { bytesOf, codecNamed, context, fromNotation, fromVector, readVectors, toVector } from './codec-scene.ts'

const vectors = readVectors()
const names = ['msgpack', 'cbor', 'json'] as const

describe.each(names)('the vectors of messages in %s', (codec) => {
  it.each(vectors.both)('are written: $name', (vector) => {
    const bytes = codecNamed(codec).encode(fromNotation(vector.value), context())

    expect(toVector(codec, bytes)).toBe(vector[codec])
  })

  it.each(vectors.both)('are read: $name', (vector) => {
    const value = codecNamed(codec).decode(fromVector(codec, vector[codec]), context())

    expect(value).toStrictEqual(fromNotation(vector.value))
  })

  it.each(vectors.read.filter((vector) => vector.codec === codec))('are read in other forms: $name', (vector) => {
    const value = codecNamed(codec).decode(bytesOf(vector), context())

    expect(value).toStrictEqual(fromNotation(vector.value))
  })

  it.each(vectors.invalid.filter((vector) => vector.codec === codec))('are refused: $name', (vector) => {
    const decode = (): unknown => codecNamed(codec).decode(bytesOf(vector), context(vector.limits))

    expect(decode).toThrow(expect.objectContaining({ name: `${vector.code}Error`, code: vector.code }))
  })
})

describe('the vectors of messages', () => {
  it('have every kind of reference in 4 and in 8 bytes', () => {
    const references = vectors.both.map(({ msgpack }) => /^d([67])0([1-5])/.exec(msgpack)?.slice(1).join())

    for (const kind of Object.values(REFERENCE)) {
      expect(references).toContain(`6,${kind}`)
      expect(references).toContain(`7,${kind}`)
    }
  })

  it('have names of their own', () => {
    const all = [...vectors.both, ...[...vectors.read, ...vectors.invalid].map(({ codec, name }) => ({ name: `${codec} ${name}` }))]

    expect(new Set(all.map(({ name }) => name)).size).toBe(all.length)
  })
})
