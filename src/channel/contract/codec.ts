/** The extension type of a reference; spec-channel 5. */
export const REFERENCE = {
  duplexStream: 1,
  /** The receiver of the message writes. */
  inboundStream: 2,
  /** The receiver of the message reads. */
  outboundStream: 3,
  /** The receiver of the message sends. */
  inboundChannel: 4,
  /** The receiver of the message receives. */
  outboundChannel: 5
} as const

/** Extension type of a time. */
export const TIME_TYPE = 6

export type ReferenceKind = typeof REFERENCE[keyof typeof REFERENCE]

export interface Reference {
  readonly kind: ReferenceKind
  /** From 1 to 2^53 - 1. */
  readonly ref: number
}

export interface MessageLimits {
  maxMessageBytes: number
  maxDepth: number
  maxReferences: number
}

export interface EncodeContext {
  readonly limits: MessageLimits
  /** What stands for an object in the message; undefined if it is plain data. Asked once for each occurrence. */
  refer(value: object): Reference | undefined
}

export interface DecodeContext {
  readonly limits: MessageLimits
  /** What a reference stands for. */
  resolve(reference: Reference): unknown
}

/**
 * Turns messages into bytes and back. `docs/spec-channel.md` 5 has the data model that all codecs share.
 */
export interface Codec {
  /** In the header `libchan-codec`. */
  readonly name: string

  /**
   * @throws CodedError UnencodableMessage naming the place in the message, MessageTooLarge, MessageTooDeep,
   * TooManyReferences; what `refer` throws
   */
  encode(value: unknown, context: EncodeContext): Uint8Array

  /**
   * Limits are checked before anything is built, and before `resolve` is called at all.
   *
   * @throws CodedError InvalidMessage, MessageTooLarge, MessageTooDeep, TooManyReferences; what `resolve` throws
   */
  decode(bytes: Uint8Array, context: DecodeContext): unknown

  /** Finds the ends of messages that lie one behind the other; only for formats that delimit themselves. */
  createScanner?(limits: MessageLimits): MessageScanner
}

export interface MessageScanner {
  /**
   * Goes on from `offset`. The offset behind the last byte of the current message, or -1 if it goes on behind
   * these bytes. After an end the next call begins the next message.
   *
   * @throws CodedError InvalidMessage, MessageTooLarge, MessageTooDeep, TooManyReferences
   */
  scan(bytes: Uint8Array, offset: number): number
}
