import { connect, listen, pipe } from '../../src/channel/index.ts'
import { isReference, reference, serve } from '../../src/service/index.ts'
import { memoryPair } from './memory-session-pair.ts'
import type { Receiver, Sender, Session } from '../../src/channel/index.ts'
import type { Message, Reference, ServeOptions, ServiceLike, Stage } from '../../src/service/index.ts'
import type { SessionPair } from '../../src/testing/index.ts'

/** A way from one who asks to an object. */
export interface ServiceLink extends AsyncDisposable {
  /** A reference for the near side to an object of the far side. */
  reach(object: ServiceLike, options?: ServeOptions): Promise<Reference>
  /** Loses the connection, where there is one. */
  cut(): void | Promise<void>
  /** Channels and byte streams that are open, on either side. */
  readonly open: number
}

/** Ways that all have to behave the same. */
export const SERVICE_LINKS: Readonly<Record<string, () => Promise<ServiceLink>>> = {
  'in memory': async () => inMemory(),
  'over a session': async () => overSessions(await memoryPair()),
  'over tcp': overTcp
}

function inMemory (): ServiceLink {
  return {
    reach: async (object, options) => {
      if (isReference(object)) {
        return object
      }

      const [receiver, sender] = pipe<Message>()

      void serve(object, receiver, options)

      return sender
    },
    cut: () => {},
    open: 0,
    [Symbol.asyncDispose]: async () => {}
  }
}

function overSessions ({ near, far, cut }: Pick<SessionPair, 'near' | 'far' | 'cut'>): ServiceLink {
  return {
    reach: async (object, options) => {
      // a channel of its own carries the reference, as one in an answer does
      const carrier = far.newSendChannel<{ ret: Sender<Message> }>()
      const { value } = await near.waitReceiveChannel<{ ret: Sender<Message> }>().then(async (receiver: Receiver<{ ret: Sender<Message> }>) => {
        const [received] = await Promise.all([receiver.receive(), carrier.send({ ret: reference(object, options) })])

        await Promise.all([receiver.receive(), carrier.close()])

        return received
      })

      if (value == null) {
        throw new Error('the reference did not arrive')
      }

      return value.ret
    },
    cut: async () => { await cut?.('reset') },
    get open () { return [near, far].reduce((sum, session) => sum + session.stat().opened, 0) },
    [Symbol.asyncDispose]: async () => {
      near.abort()
      far.abort()
    }
  }
}

async function overTcp (): Promise<ServiceLink> {
  const { promise, resolve } = Promise.withResolvers<Session>()
  const listener = await listen('tcp://127.0.0.1:0', resolve, { keepAliveIntervalMs: 0 })
  const near = await connect(listener.url, { keepAliveIntervalMs: 0 })
  const far = await promise
  const link = overSessions({ near, far, cut: () => { far.abort() } })

  return {
    ...link,
    get open () { return link.open },
    [Symbol.asyncDispose]: async () => {
      await link[Symbol.asyncDispose]()
      await listener.close()
    }
  }
}

/** A stage of this process. */
export function localStage (name: string, object: ServiceLike): Stage {
  return { name, object: reference(object) }
}
