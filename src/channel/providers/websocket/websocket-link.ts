import { CodedError } from '../../../base/index.ts'
import { ChannelError, describeReason, REASON_CODE } from '../../contract/index.ts'
import { ChunkQueue } from '../http/chunk-queue.ts'
import { CLOSE_CODE, cutCloseReason, MAX_WAITING_BYTES, MESSAGE_BYTES } from './protocol.ts'
import type { ByteLink, ChannelReason, LinkEvents } from '../../contract/index.ts'

/** A WebSocket as the link needs it: that of `ws`, or that of a browser. */
export interface WebSocketPort {
  /**
   * Sends one binary message, given in pieces. Whether there is room for more; if not, the port calls `makeRoom`
   * of the link.
   */
  send(pieces: readonly Uint8Array[], byteLength: number): boolean
  pause(): void
  resume(): void
  /** Begins the closing handshake behind what was sent. */
  close(code: number, reason: string): void
  /** Ends the connection now, with a close frame if one can leave at once. */
  terminate(code: number, reason: string): void
}

/** How a WebSocket ended. */
export interface WebSocketEnd {
  readonly code: number
  readonly reason: string
  /** What went wrong underneath, if it said so. */
  readonly cause?: unknown
}

/**
 * The byte pipe in a WebSocket; spec-channel 12.3. The messages mean nothing by themselves, so small writes of one
 * turn share a message: a message costs more than the copy.
 *
 * A WebSocket has no half-close: who ends its direction will get no more than what is on its way already. Whoever
 * uses the link agrees on the end before, as yamux does with GoAway.
 */
export class WebSocketLink implements ByteLink {
  readonly #port: WebSocketPort
  readonly #inbound = new ChunkQueue()
  #outbound: Uint8Array[] = []
  #outboundBytes = 0
  #events: LinkEvents | undefined
  #isPaused = true
  #isDelivering = false
  #isEnding = false
  #isFlushing = false
  #hasRoom = true
  #isRoomAwaited = false
  /** The connection has ended: with an error, or gracefully. */
  #end: { readonly error: Error | undefined } | undefined
  #isClosed = false

  constructor (port: WebSocketPort) {
    this.#port = port
  }

  attach (events: LinkEvents): void {
    this.#events = events
    this.#deliverSoon()
  }

  pause (): void {
    if (!this.#isPaused) {
      this.#isPaused = true
      this.#port.pause()
    }
  }

  resume (): void {
    if (this.#isPaused) {
      this.#isPaused = false
      this.#port.resume()
      this.#deliverSoon()
    }
  }

  write (bytes: Uint8Array): boolean {
    if (this.#isEnding || this.#end != null) {
      return true
    }

    if (this.#outboundBytes + bytes.byteLength > MESSAGE_BYTES) {
      this.#flush()
    }

    if (bytes.byteLength >= MESSAGE_BYTES) {
      this.#sendInPieces(bytes)
    } else if (bytes.byteLength > 0) {
      this.#outbound.push(bytes)
      this.#outboundBytes += bytes.byteLength
      this.#flushLater()
    }

    this.#isRoomAwaited = !this.#hasRoom

    return this.#hasRoom
  }

  end (): void {
    if (!this.#isEnding && this.#end == null) {
      this.#flush()
      this.#isEnding = true
      this.#port.close(CLOSE_CODE.normal, '')
    }
  }

  reset (reason: ChannelReason): void {
    const code = reason.code === REASON_CODE.protocolViolation ? CLOSE_CODE.protocolError : CLOSE_CODE.internalError

    this.#giveUp(new ChannelError('StreamAborted', `this side ended the WebSocket connection: ${describeReason(reason)}`, { reason }), code)
  }

  /** For the port: a binary message came. */
  receive (message: Uint8Array): void {
    if (this.#end != null || message.byteLength === 0) {
      return
    }

    this.#inbound.push(message)
    this.#deliver()

    if (this.#inbound.byteLength > MAX_WAITING_BYTES) {
      this.#giveUp(new CodedError('ResourceLimit', `more than ${MAX_WAITING_BYTES} bytes came on a WebSocket and were not taken`), CLOSE_CODE.policyViolation)
    }
  }

  /** For the port: a text message came, which the other side must not send. */
  receiveText (): void {
    if (this.#end == null) {
      this.#giveUp(new CodedError('ProtocolViolation', 'wanted binary WebSocket messages, received text: is the other side a libchan endpoint?'), CLOSE_CODE.unsupportedData)
    }
  }

  /** For the port: there is room again. */
  makeRoom (): void {
    this.#hasRoom = true

    if (this.#isRoomAwaited && this.#end == null) {
      this.#isRoomAwaited = false
      this.#events?.onRoom()
    }
  }

  /** For the port: it has ended. */
  finish ({ code, reason, cause }: WebSocketEnd): void {
    if (this.#end == null) {
      this.#end = { error: code === CLOSE_CODE.normal ? undefined : toLoss({ code, reason, cause }) }
      this.#forget()
      this.#deliver()
    }
  }

  #giveUp (error: Error, code: number): void {
    if (this.#end == null) {
      this.#end = { error }
      this.#inbound.clear()
      this.#forget()
      this.#port.terminate(code, cutCloseReason(error.message))
      this.#deliverSoon()
    }
  }

  /** Nobody expects to be called back by what they call. */
  #deliverSoon (): void {
    if (this.#inbound.byteLength > 0 || this.#end != null) {
      queueMicrotask(() => { this.#deliver() })
    }
  }

  /** Hands over what may be handed over. Whoever gets it may pause, reset or attach somebody else meanwhile. */
  #deliver (): void {
    if (this.#isDelivering) {
      return
    }

    this.#isDelivering = true

    try {
      while (this.#events != null && !this.#isPaused && this.#inbound.byteLength > 0) {
        this.#events.onData(this.#inbound.shift() ?? new Uint8Array())
      }
    } finally {
      this.#isDelivering = false
    }

    this.#close()
  }

  #close (): void {
    if (this.#events == null || this.#end == null || this.#isClosed || this.#inbound.byteLength > 0) {
      return
    }

    const { error } = this.#end

    // an end is part of what was sent and waits its turn; a loss is told at once
    if (error == null && this.#isPaused) {
      return
    }

    this.#isClosed = true

    if (error == null) {
      this.#events.onEnd()
    }

    this.#events.onClose(error)
  }

  #flushLater (): void {
    if (!this.#isFlushing) {
      this.#isFlushing = true
      queueMicrotask(() => {
        this.#isFlushing = false
        this.#flush()
      })
    }
  }

  #flush (): void {
    const pieces = this.#outbound
    const byteLength = this.#outboundBytes

    if (byteLength > 0) {
      this.#forget()
      this.#hasRoom = this.#port.send(pieces, byteLength)
    }
  }

  #forget (): void {
    this.#outbound = []
    this.#outboundBytes = 0
  }

  #sendInPieces (bytes: Uint8Array): void {
    for (let offset = 0; offset < bytes.byteLength; offset += MESSAGE_BYTES) {
      const piece = bytes.subarray(offset, offset + MESSAGE_BYTES)

      this.#hasRoom = this.#port.send([piece], piece.byteLength)
    }
  }
}

function toLoss ({ code, reason, cause }: WebSocketEnd): Error {
  if (code === CLOSE_CODE.abnormal) {
    const why = cause instanceof Error ? `: ${cause.message}` : ''

    return new CodedError('ConnectionLost', `the WebSocket connection was lost${why}`, { cause })
  }

  const said = reason === '' ? '' : `: ${reason}`

  return new CodedError('ConnectionLost', `the WebSocket was closed with code ${code}${said}`, { cause })
}
