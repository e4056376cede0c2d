import { EventEmitter } from 'node:events'
import { describe, expect, it } from 'vitest'
import { intercept } from '../../../src/channel/providers/http/intercept.ts'

function scene (): { emitter: EventEmitter, seen: string[] } {
  const emitter = new EventEmitter()
  const seen: string[] = []

  emitter.on('request', (path: string) => { seen.push(`app ${path}`) })

  return { emitter, seen }
}

describe('intercepting an event', () => {
  it('keeps what is taken from all listeners, and leaves them the rest', () => {
    const { emitter, seen } = scene()

    intercept(emitter, 'request', (path: string) => {
      seen.push(`ours ${path}`)

      return path === '/ours'
    })
    emitter.prependListener('request', (path: string) => { seen.push(`late ${path}`) })

    expect(emitter.emit('request', '/ours')).toBe(true)
    expect(emitter.emit('request', '/theirs')).toBe(true)
    expect(emitter.emit('other', '/ours')).toBe(false)
    expect(seen).toEqual(['ours /ours', 'ours /theirs', 'late /theirs', 'app /theirs'])
  })

  it('goes on for others of the same emitter when one ends', () => {
    const { emitter, seen } = scene()
    const one = intercept(emitter, 'request', (path: string) => path === '/one')

    intercept(emitter, 'request', (path: string) => path === '/two')
    one[Symbol.dispose]()
    one[Symbol.dispose]()
    emitter.emit('request', '/one')
    emitter.emit('request', '/two')

    expect(seen).toEqual(['app /one'])
  })

  it('leaves the emitter as it was', () => {
    const plain = new EventEmitter()
    const own = new EventEmitter()
    const emit = (): boolean => false

    own.emit = emit
    intercept(plain, 'a', () => true)[Symbol.dispose]()
    intercept(own, 'a', () => true)[Symbol.dispose]()

    expect(Object.hasOwn(plain, 'emit')).toBe(false)
    expect(own.emit).toBe(emit)
  })

  it('does not undo what somebody else has put on top, and can begin again beneath it', () => {
    const { emitter, seen } = scene()
    const ours = intercept(emitter, 'request', () => true)
    const before = emitter.emit

    emitter.emit = (event: string, ...args: unknown[]) => {
      seen.push('on top')

      return before.call(emitter, event, ...args)
    }
    ours[Symbol.dispose]()
    emitter.emit('request', '/theirs')
    intercept(emitter, 'request', () => true)
    emitter.emit('request', '/ours')

    expect(seen).toEqual(['on top', 'app /theirs', 'on top'])
  })
})
