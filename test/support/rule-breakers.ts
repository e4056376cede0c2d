import { isCoded } from '../../src/base/index.ts'
import type { Receiver, Sender, Session } from '../../src/channel/index.ts'
import type { ChannelSetup } from '../../src/testing/index.ts'

type Result = IteratorResult<unknown, void>

const END: Result = { done: true, value: undefined }

/** What is done differently by a session, and by the ends of its top-level channels. */
interface Breaker {
  session? (session: Session): Partial<Session>
  sender? (sender: Sender<unknown>): Partial<Sender<unknown>>
  receiver? (receiver: Receiver<unknown>): Partial<Receiver<unknown>>
}

export type Rule = keyof typeof BREAKERS

const BREAKERS = {
  'swaps messages': {
    sender (sender) {
      let held: unknown

      return {
        async send (value) {
          if (held == null) {
            held = value
          } else {
            await sender.send(value)
            await sender.send(held)
            held = undefined
          }
        }
      }
    }
  },
  'loses a message': {
    sender: (sender) => ({ send: everyHundredth(sender, async () => {}) })
  },
  'repeats a message': {
    sender: (sender) => ({
      send: everyHundredth(sender, async (value) => {
        await sender.send(value)
        await sender.send(value)
      })
    })
  },
  'takes false for an end': {
    receiver: (receiver) => receiving(receiver, (result) => result.value === false ? END : result)
  },
  'takes a loss for an end': {
    receiver: (receiver) => receiving(receiver, (result) => result, 'ConnectionLost')
  },
  'takes a closed session for an end': {
    receiver: (receiver) => receiving(receiver, (result) => result, 'SessionClosed')
  },
  'ignores cancel': {
    receiver: () => ({ cancel () {} })
  },
  'forgets the code of a cancel': {
    receiver: (receiver) => ({ cancel () { receiver.cancel() } })
  },
  'forgets the message of an abort': {
    sender: (sender) => ({ abort () { sender.abort({ code: 300 }) } })
  },
  'closes by an abort': {
    sender: (sender) => ({ async close () { sender.abort() } })
  },
  'knows no room': {
    sender: (sender) => ({
      async send (value) { sender.send(value).catch(() => {}) }
    })
  },
  'loses what a given up receive got': {
    receiver: (receiver) => ({
      async receive ({ signal } = {}) {
        const receiving = receiver.receive()

        receiving.catch(() => {}) // nobody waits for it where the signal wins
        signal?.throwIfAborted()

        return Promise.race([receiving, ...signal == null ? [] : [rejection(signal)]])
      }
    })
  },
  'never forgets a stream': {
    session: (session) => ({ stat: () => ({ ...session.stat(), opened: session.stat().opened + 1 }) })
  },
  'never tells of its end': {
    session: () => ({ closed: new Promise(() => {}) })
  },
  'has no limit': {
    sender: (sender) => ({
      send: (value) => sender.send(value instanceof Uint8Array ? value.subarray(0, 100) : value)
    })
  },
  'shares what it carries': {
    sender: (sender) => ({
      async send (value) {
        await Promise.resolve()
        await sender.send(value)
      }
    })
  }
} satisfies Record<string, Breaker>

/** Pairs that keep all rules but one. */
export function breaking (rule: Rule, setup: ChannelSetup): ChannelSetup {
  const breaker: Breaker = BREAKERS[rule]

  return async (options) => {
    const pair = await setup(options)

    return override(pair, { near: breakSession(pair.near, breaker), far: breakSession(pair.far, breaker) })
  }
}

function breakSession (session: Session, { session: change, sender, receiver }: Breaker): Session {
  return override(session, {
    newSendChannel: (options) => {
      const made = session.newSendChannel(options)

      return sender == null ? made : override(made as Sender<unknown>, sender(made as Sender<unknown>))
    },
    waitReceiveChannel: (async (options) => {
      const made = await session.waitReceiveChannel(options)

      return receiver == null ? made : override(made as Receiver<unknown>, receiver(made as Receiver<unknown>))
    }) as Session['waitReceiveChannel'],
    ...change?.(session)
  })
}

/** The object, but for what is done differently. */
function override<T extends object> (target: T, changes: Partial<T>): T {
  return new Proxy(target, {
    get (_, key) {
      const value: unknown = key in changes ? Reflect.get(changes, key) : Reflect.get(target, key)

      return typeof value === 'function' ? value.bind(target) as unknown : value
    }
  })
}

function everyHundredth (sender: Sender<unknown>, instead: (value: unknown) => Promise<void>): Sender<unknown>['send'] {
  let count = 0

  return (value, options) => ++count % 100 === 0 ? instead(value) : sender.send(value, options)
}

/** Receives, and makes something else of the results, and an end of one kind of failure. */
function receiving (receiver: Receiver<unknown>, change: (result: Result) => Result, notAFailure?: 'ConnectionLost' | 'SessionClosed'): Partial<Receiver<unknown>> {
  const receive = (): Promise<Result> => receiver.receive().then(change, (error: unknown) => {
    if (notAFailure != null && isCoded(error, notAFailure)) {
      return END
    }

    throw error
  })

  return { receive, [Symbol.asyncIterator]: () => ({ next: receive, [Symbol.asyncIterator] () { return this } }) }
}

async function rejection (signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => { signal.addEventListener('abort', () => { reject(signal.reason) }) })
}
