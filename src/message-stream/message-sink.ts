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
