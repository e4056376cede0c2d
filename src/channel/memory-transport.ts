import { CodedError } from '../base/index.ts'
import { memoryProviders } from './providers/index.ts'
import type { ChannelTransport, StreamProvider, TransportListener } from './contract/index.ts'

type OnProvider = (provider: StreamProvider) => void

/** Who listens in this process, by name. */
const listeners = new Map<string, OnProvider>()

let unnamed = 0

/** `memory:name`: two ends within one process, as code that takes a URL needs them. Without a name, listening chooses one. */
export const memoryTransport: ChannelTransport = {
  schemes: ['memory'],

  connect: async (url, { limits, signal }) => {
    const name = nameOf(url)
    const onProvider = listeners.get(name)

    signal.throwIfAborted()

    if (onProvider == null) {
      throw new CodedError('ConnectFailed', `cannot connect to memory:${name}: nobody listens there in this process`)
    }

    const [ours, theirs] = memoryProviders({ name, maxOpenStreams: limits.maxOpenStreams })

    queueMicrotask(() => { onProvider(theirs) })

    return ours
  },

  listen: async (url, onProvider) => listenInMemory(nameOf(url), onProvider)
}

function listenInMemory (wanted: string, onProvider: OnProvider): TransportListener {
  const name = wanted === '' ? `unnamed-${++unnamed}` : wanted
  const { promise: closed, resolve } = Promise.withResolvers<undefined>()
  let isOpen = true

  if (listeners.has(name)) {
    throw new CodedError('ListenFailed', `cannot listen on memory:${name}: somebody else in this process does`)
  }

  listeners.set(name, onProvider)

  return {
    url: `memory:${name}`,
    closed,
    close: async () => {
      if (isOpen) {
        isOpen = false
        listeners.delete(name)
        resolve(undefined)
      }
    }
  }
}

/** Of `memory:name`, and of `memory://name`. */
function nameOf (url: URL): string {
  return `${url.host}${url.pathname}`
}
