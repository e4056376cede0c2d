import type { Uint8ArrayList } from 'uint8arraylist'

/** Told what a stream has to tell, without events: for whoever has many streams. Listeners and iterators are told as well. */
export interface MessageSink {
  /** Bytes have arrived; the event `message`. Who wants them has this method, and who has it counts as taking them. */
  onMessage?(bytes: Uint8Array | Uint8ArrayList): void
  /** There is room again after `send` returned false. */
  onDrain?(): void
  /** All that was written has left; told again when our end has. */
  onIdle?(): void
  /** The peer has ended its direction; the event `remoteCloseWrite`. */
  onRemoteEnd?(): void
  /** Nothing more is to be read; the event `end`. */
  onReadEnd?(): void
  /** With an error unless both directions ended gracefully. */
  onClose?(error: Error | undefined, isLocal: boolean): void
}

/**
 * A sink that lasts, with the methods of another.
 *
 * When most object literals of a place outlive a collection, V8 allocates further ones in its old generation; a function that is written
 * where it is assigned to a property, until that code is optimised. There a dead one keeps all that was made for its connection, until everything is
 * collected. Of literals that are gone at once, and instances of classes, neither is true.
 */
export class Sink implements MessageSink {
  declare onMessage?: NonNullable<MessageSink['onMessage']>
  declare onDrain?: NonNullable<MessageSink['onDrain']>
  declare onIdle?: NonNullable<MessageSink['onIdle']>
  declare onRemoteEnd?: NonNullable<MessageSink['onRemoteEnd']>
  declare onReadEnd?: NonNullable<MessageSink['onReadEnd']>
  declare onClose?: NonNullable<MessageSink['onClose']>

  constructor (methods: MessageSink) {
    Object.assign(this, methods)
  }
}
