import { MessageStreamBase } from './message-stream.ts'
import type { MessageSink } from './message-sink.ts'
import type { MessageStream, MessageStreamEvents } from '@libp2p/interface'

/** By event, what of a sink hears it. */
const HEARS: Record<keyof MessageStreamEvents, keyof MessageSink> = {
  message: 'onMessage',
  drain: 'onDrain',
  idle: 'onIdle',
  remoteCloseWrite: 'onRemoteEnd',
  end: 'onReadEnd',
  close: 'onClose'
}

const TYPES = Object.keys(HEARS) as Array<keyof MessageStreamEvents>

/**
 * Tells `sink` what `stream` has to tell, from now on until what is returned is called: without events where the stream is of ours, by
 * listeners where it is not.
 */
export function attachSink (stream: MessageStream, sink: MessageSink): () => void {
  if (stream instanceof MessageStreamBase) {
    stream.addSink(sink)

    return () => { stream.removeSink(sink) }
  }

  const listener = new SinkListener(sink)
  const types = TYPES.filter((type) => sink[HEARS[type]] != null)

  types.forEach((type) => { stream.addEventListener(type, listener) })

  return () => { types.forEach((type) => { stream.removeEventListener(type, listener) }) }
}

/** Brings events to a sink. */
class SinkListener {
  readonly #sink: MessageSink

  constructor (sink: MessageSink) {
    this.#sink = sink
  }

  handleEvent (event: MessageStreamEvents[keyof MessageStreamEvents]): void {
    const sink = this.#sink
    const method = HEARS[event.type as keyof MessageStreamEvents]

    if (method === 'onMessage') {
      sink.onMessage?.((event as MessageStreamEvents['message']).data)
    } else if (method === 'onClose') {
      const { error, local } = event as MessageStreamEvents['close']

      sink.onClose?.(error, local === true)
    } else {
      sink[method]?.()
    }
  }
}
