import { describe, expect, it } from 'vitest'
import { assertProtocol, ProtocolRegistry } from '../../../src/swarm/stream/index.ts'

describe('ProtocolRegistry', () => {
  it('keeps one entry a protocol, and another one only by force', () => {
    const registry = new ProtocolRegistry<string>()

    registry.add('/a', 'first')

    expect(() => { registry.add('/a', 'second') }).toThrow(expect.objectContaining({ code: 'DuplicateHandler' }))
    expect(registry.get('/a')).toBe('first')

    registry.add('/a', 'second', { force: true })
    registry.add('/b', 'third')

    expect(registry.get('/a')).toBe('second')
    expect(registry.list()).toEqual(['/a', '/b'])
  })

  it('removes what is there, and says so', () => {
    const registry = new ProtocolRegistry<string>()

    registry.add('/a', 'entry')

    expect(registry.remove('/a')).toBe(true)
    expect(registry.remove('/a')).toBe(false)
    expect(registry.has('/a')).toBe(false)
    expect(registry.get('/a')).toBeUndefined()
  })

  it('tells of every change, and of nothing else', () => {
    let changes = 0
    const registry = new ProtocolRegistry<string>(() => { changes++ })

    registry.add('/a', 'entry')
    registry.remove('/b')
    expect(() => { registry.add('/a', 'again') }).toThrow()
    expect(changes).toBe(1)

    registry.remove('/a')
    expect(changes).toBe(2)
  })
})

describe('a protocol id (rule 14)', () => {
  it.each(['/echo/1.0.0', 'echo', ' ', '/ünï/1', 'x'.repeat(1_023), 'naa', 'lsx'])('may be %j', (protocol) => {
    expect(() => { assertProtocol(protocol) }).not.toThrow()
  })

  it.each([
    ['empty', ''],
    ['of two lines', '/a\n/b'],
    ['of 1024 bytes', 'x'.repeat(1_024)],
    ['of 1024 bytes in 512 characters', 'ü'.repeat(512)],
    ['half of a surrogate pair', '/\ud800'],
    ['the refusal of a proposal', 'na'],
    ['the question for a list', 'ls'],
    ['the header of the negotiation', '/multistream/1.0.0'],
    ['no text', 7],
    ['nothing', undefined]
  ])('is not %s', (_what, protocol) => {
    expect(() => { assertProtocol(protocol) }).toThrow(TypeError)
    expect(() => { assertProtocol(protocol) }).toThrow(/such as \/echo\/1\.0\.0/)
  })
})
