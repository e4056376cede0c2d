/* The part of protomux that is used here; it brings no types. */
declare module 'protomux' {
  import type { Duplex } from 'node:stream'

  export interface Message {
    /** False when it is time to wait for `ondrain`. */
    send (message: Uint8Array): boolean
  }

  export interface Channel {
    open (): void
    close (): void
    addMessage (options: { onmessage? (message: Uint8Array): void }): Message
  }

  export interface ChannelOptions {
    protocol: string
    unique?: boolean
    ondrain? (): void
    onclose? (): void
  }

  export default class Protomux {
    constructor (stream: Duplex)
    /** Null when the stream is gone. */
    createChannel (options: ChannelOptions): Channel | null
    pair (options: { protocol: string }, onChannel: () => void): void
  }
}
