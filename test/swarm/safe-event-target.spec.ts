import { describe, expect, it, vi } from 'vitest'
import { SafeEventTarget } from '../../src/swarm/safe-event-target.ts'
import { settle } from '../support/fake-clock.ts'

interface Events {
  news: CustomEvent<string>
  error: CustomEvent<string>
}

/** A target, and the errors of its listeners. */
function target (): { events: SafeEventTarget<Events>, errors: string[] } {
  const errors: string[] = []

  return { events: new SafeEventTarget<Events>((type, error) => { errors.push(`${type}: ${error.message}`) }), errors }
}

/** Rejects with what need not be an error. */
async function rejectWith (thrown: unknown): Promise<never> {
  const { promise, reject } = Promise.withResolvers<never>()

  reject(thrown)

  return promise
}

const tell = (events: SafeEventTarget<Events>, detail: string): boolean => events.safeDispatchEvent('news', { detail })

describe('SafeEventTarget', () => {
  it('calls all listeners, whatever some of them throw', async () => {
    const { events, errors } = target()
    const heard: string[] = []

    events.addEventListener('news', () => { throw new Error('thrown') })
    for (const thrown of [new Error('rejected'), 'no error at all']) {
      const rejecting = (): unknown => rejectWith(thrown)

      events.addEventListener('news', rejecting)
    }

    events.addEventListener('news', ({ detail }) => { heard.push(detail) })
    tell(events, 'all is well')
    await settle()

    expect(heard).toEqual(['all is well'])
    expect(errors.sort()).toEqual(['news: no error at all', 'news: rejected', 'news: thrown'])
  })

  it('makes no event while nobody listens', () => {
    const { events } = target()
    const dispatch = vi.spyOn(events, 'dispatchEvent')
    const listener = (): void => {}

    expect(tell(events, 'to nobody')).toBe(true)
    events.addEventListener('news', listener)
    tell(events, 'to somebody')
    events.removeEventListener('news', listener)
    tell(events, 'to nobody again')

    expect(dispatch.mock.calls.map(([event]) => (event as CustomEvent<string>).detail)).toEqual(['to somebody'])
  })

  it('calls listeners within dispatch, and not later', () => {
    const { events } = target()
    let heard = 0

    events.addEventListener('news', () => { heard++ })
    tell(events, 'now')

    expect(heard).toBe(1)
  })

  it('calls functions with the target, and objects by their handleEvent', () => {
    const { events } = target()
    const heard: unknown[] = []
    const object = { name: 'object', handleEvent (event: CustomEvent<string>) { heard.push(this.name, event.detail) } }

    events.addEventListener('news', function (this: unknown) { heard.push(this) })
    events.addEventListener('news', object)
    tell(events, 'x')
    events.removeEventListener('news', object)
    tell(events, 'y')

    expect(heard).toEqual([events, 'object', 'x', events])
  })

  it('removes listeners, counts them, and adds each once', () => {
    const { events } = target()
    let heard = 0
    const listener = (): void => { heard++ }

    events.addEventListener('news', listener)
    events.addEventListener('news', listener)
    expect(events.listenerCount('news')).toBe(1)
    tell(events, 'once')

    events.removeEventListener('news', listener)
    events.removeEventListener('news', listener)
    events.removeEventListener('news', () => {})
    events.removeEventListener('news', null)
    tell(events, 'to nobody')

    expect([heard, events.listenerCount('news')]).toEqual([1, 0])
  })

  it('keeps the same listener of two types apart', () => {
    const { events } = target()
    const heard: string[] = []
    const listener = (event: Event): void => { heard.push(event.type) }

    events.addEventListener('news', listener)
    events.addEventListener('error', listener)
    events.removeEventListener('news', listener)
    tell(events, 'x')
    events.safeDispatchEvent('error', { detail: 'y' })

    expect(heard).toEqual(['error'])
  })

  it('heeds once and signal', () => {
    const { events } = target()
    const heard: string[] = []
    const controller = new AbortController()

    events.addEventListener('news', () => { heard.push('once') }, { once: true })
    events.addEventListener('news', () => { heard.push('signal') }, { signal: controller.signal })
    events.addEventListener('news', () => { heard.push('never') }, { signal: AbortSignal.abort() })
    tell(events, '1')
    tell(events, '2')
    controller.abort()
    tell(events, '3')

    expect(heard).toEqual(['once', 'signal', 'signal'])
    expect(events.listenerCount('news')).toBe(0)
  })

  it('lets listeners subscribe and unsubscribe', () => {
    const { events } = target()
    const heard: string[] = []
    const second = (): void => { heard.push('second') }
    const first = (): void => {
      heard.push('first')
      events.removeEventListener('news', first)
      events.addEventListener('news', second)
    }

    events.addEventListener('news', first)
    tell(events, '1')
    tell(events, '2')

    expect(heard).toEqual(['first', 'second'])
  })

  it('takes null for no listener', () => {
    const { events, errors } = target()

    events.addEventListener('news', null)
    tell(events, 'x')

    expect(errors).toEqual([])
  })
})
