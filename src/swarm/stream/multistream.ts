import { CodedError, concat, Deadline } from '../../base/index.ts'
import { MULTISTREAM_PROTOCOL } from '../constants.ts'
import { checkHeaderStart, decodeMessage, encodeList, encodeMessage } from './multistream-codec.ts'
import type { Clock } from '../../base/index.ts'

/**
 * Agreeing on a protocol, strictly by multistream-select 1.0. The rules that we follow where the
 * specification leaves a choice are in docs/multistream.md.
 */

const NOT_AVAILABLE = 'na'
const LIST = 'ls'

/** Protocols that a peer may ask for on one stream before we give up on it. */
export const MAX_PROPOSALS = 64

/** What negotiation needs of a stream. */
export interface NegotiationPort {
  /** Unread bytes that are here. */
  readonly buffered: number
  read(signal?: AbortSignal): Promise<Uint8Array | null>
  unread(bytes: Uint8Array): void
  sendNow(bytes: Uint8Array): void
}

/** What an answerer may agree to. */
export interface SupportedProtocols {
  has(protocol: string): boolean
  list(): string[]
}

export interface NegotiateOptions {
  clock: Clock
  /** From the first message to the agreement. */
  timeoutMs: number
  signal?: AbortSignal | undefined
}

/**
 * Proposes `protocols` one after the other, the first together with the header, until the peer takes one.
 *
 * @throws CodedError UnsupportedProtocol when the peer takes none, NegotiationFailed when it does not
 * speak multistream-select, NegotiationTimeout
 */
export async function selectProtocol (port: NegotiationPort, protocols: string[], options: NegotiateOptions): Promise<string> {
  using deadline = negotiationDeadline(options, `the peer to take one of ${protocols.join(', ')}`)
  let isGreeted = false

  for (const protocol of protocols) {
    if (isGreeted) {
      port.sendNow(encodeMessage(protocol))
    } else {
      port.sendNow(greeting(protocol))
      await expectHeader(port, deadline.signal)
      isGreeted = true
    }

    if (await isTaken(port, protocol, deadline.signal)) {
      return protocol
    }
  }

  throw unsupported(protocols)
}

/** What a lazy opener sends before its first bytes: header and proposal in one. */
export function greeting (protocol: string): Uint8Array {
  return concat([encodeMessage(MULTISTREAM_PROTOCOL), encodeMessage(protocol)])
}

/**
 * Reads the answer to a greeting.
 *
 * @throws as `selectProtocol`
 */
export async function confirmProtocol (port: NegotiationPort, protocol: string, options: NegotiateOptions): Promise<void> {
  using deadline = negotiationDeadline(options, `the peer to take ${protocol}`)

  await expectHeader(port, deadline.signal)

  if (!await isTaken(port, protocol, deadline.signal)) {
    throw unsupported([protocol])
  }
}

/**
 * Answers proposals until one is supported, and gives that.
 *
 * @throws CodedError NegotiationFailed when the peer does not speak multistream-select, gives up, or
 * asks more than MAX_PROPOSALS times; NegotiationTimeout
 */
export async function answerProposals (port: NegotiationPort, supported: SupportedProtocols, options: NegotiateOptions): Promise<string> {
  using deadline = negotiationDeadline(options, 'the peer to propose a protocol')

  await expectHeader(port, deadline.signal)

  // held back to leave in one message with the first answer, which is nearly always at hand
  let held = [encodeMessage(MULTISTREAM_PROTOCOL)]

  const onWait = (): void => {
    flush(port, held)
    held = []
  }

  for (let proposals = 0; proposals < MAX_PROPOSALS; proposals++) {
    const proposal = await nextMessage(port, deadline.signal, { onWait })

    if (supported.has(proposal)) {
      flush(port, [...held, encodeMessage(proposal)])

      return proposal
    }

    flush(port, [...held, proposal === LIST ? encodeList(supported.list()) : encodeMessage(NOT_AVAILABLE)])
    held = []
  }

  throw new CodedError('NegotiationFailed', `the peer proposed ${MAX_PROPOSALS} protocols and none is supported`)
}

function flush (port: NegotiationPort, messages: Uint8Array[]): void {
  if (messages.length > 0) {
    port.sendNow(concat(messages))
  }
}

async function isTaken (port: NegotiationPort, protocol: string, signal: AbortSignal): Promise<boolean> {
  const answer = await nextMessage(port, signal)

  if (answer === protocol) {
    return true
  }

  if (answer === NOT_AVAILABLE) {
    return false
  }

  throw new CodedError('NegotiationFailed', `the peer answers the proposal of ${protocol} with ${quote(answer)} in place of the same or 'na'`)
}

async function expectHeader (port: NegotiationPort, signal: AbortSignal): Promise<void> {
  const header = await nextMessage(port, signal, { check: checkHeaderStart })

  if (header !== MULTISTREAM_PROTOCOL) {
    throw new CodedError('NegotiationFailed', `multistream-select begins with ${MULTISTREAM_PROTOCOL}, received ${quote(header)}`)
  }
}

interface MessageOptions {
  /** Looks at a message that is not whole yet; throws when it can never become the right one. */
  check?(bytes: Uint8Array): void
  /** Nothing is here, and the peer may be waiting for us. */
  onWait?(): void
}

/** Reads one message, and leaves in the port whatever comes behind it. */
async function nextMessage (port: NegotiationPort, signal: AbortSignal, { check, onWait }: MessageOptions = {}): Promise<string> {
  let bytes: Uint8Array = new Uint8Array(0)

  for (;;) {
    const message = bytes.byteLength === 0 ? undefined : decodeMessage(bytes)

    if (message != null) {
      port.unread(bytes.subarray(message.byteLength))

      return message.text
    }

    check?.(bytes)

    if (port.buffered === 0) {
      onWait?.()
    }

    const chunk = await port.read(signal)

    if (chunk == null) {
      throw new CodedError('NegotiationFailed', 'the peer ended the stream in the middle of the negotiation')
    }

    bytes = bytes.byteLength === 0 ? chunk : concat([bytes, chunk])
  }
}

function negotiationDeadline ({ clock, timeoutMs, signal }: NegotiateOptions, wanted: string): Deadline {
  return new Deadline({
    clock,
    timeoutMs,
    signal,
    onTimeout: () => new CodedError('NegotiationTimeout', `waited ${timeoutMs} ms for ${wanted}`)
  })
}

function unsupported (protocols: string[]): CodedError {
  return new CodedError('UnsupportedProtocol', `the peer speaks none of ${protocols.join(', ')}`)
}

const QUOTED_CHARACTERS = 64

function quote (text: string): string {
  return JSON.stringify(text.length > QUOTED_CHARACTERS ? `${text.slice(0, QUOTED_CHARACTERS)}…` : text)
}
