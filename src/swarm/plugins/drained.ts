import { StreamStateError } from '@libp2p/interface'
import { raceSignal } from '../../base/index.ts'
import type { AbortOptions, MessageStreamEvents, StreamCloseEvent, TypedEventTarget } from '@libp2p/interface'

/**
 * Waits until `stream` has room.
 *
 * @throws what the stream closed with, or the signal's reason
 */
export async function drained (stream: TypedEventTarget<MessageStreamEvents>, { signal }: AbortOptions): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const onDrain = (): void => { resolve() }
  const onClose = (event: StreamCloseEvent): void => {
    reject(event.error ?? new StreamStateError('The stream was closed before it drained'))
  }

  stream.addEventListener('drain', onDrain)
  stream.addEventListener('close', onClose)

  try {
    await raceSignal(promise, signal)
  } finally {
    stream.removeEventListener('drain', onDrain)
    stream.removeEventListener('close', onClose)
  }
}
