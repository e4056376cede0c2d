import { MessageStreamBase } from './message-stream.ts'
import type { MessageStream } from '@libp2p/interface'

/** Lets what is sent in the rest of this turn leave together, where the stream is of ours. */
export function gather (stream: MessageStream): void {
  if (stream instanceof MessageStreamBase) {
    stream.gather()
  }
}
