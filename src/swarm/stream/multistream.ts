import { CodedError, concat, Deadline } from '../../base/index.ts'
import { MULTISTREAM_PROTOCOL } from '../constants.ts'
import { MessageParser } from './message-parser.ts'
import { checkHeaderStart, encodeList, encodeMessage } from './multistream-codec.ts'
import type { MessageRequest } from './message-parser.ts'
import type { Clock } from '../../base/index.ts'

/**
 * Agreeing on a protocol, strictly by multistream-select 1.0. The rules that we follow where the
 * specification leaves a choice are in docs/multistream.md.
 *
 * The rules are generators: they ask for one message after the other, and do not care who brings it. For
 * the streams of a connection that is a `Handshake`, in the moment in which the bytes arrive; the functions
 * at the end of this file read them from a port.
 */

const NOT_AVAILABLE = 'na'
const LIST = 'ls'

/** Protocols that a peer may ask for on one stream before we give up on it. */
export const MAX_PROPOSALS = 64

/** One side of a negotiation: takes the peer's messages, and ends with the protocol. Throws when there will be none. */
export type Negotiation = Generator<MessageRequest, string, string>

type Send = (bytes: Uint8Array) => void

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

const ANY_MESSAGE: MessageRequest = {}
const HEADER_MESSAGE: MessageRequest = { check: checkHeaderStart }
const HEADER = encodeMessage(MULTISTREAM_PROTOCOL)

/**
 * Proposes `protocols` one after the other, the first together with the header, until the peer takes one.
 *
 * @throws CodedError UnsupportedProtocol when the peer takes none, NegotiationFailed when it does not
 * speak multistream-select
 */
export function * proposing (send: Send, protocols: string[]): Negotiation {
  let isGreeted = false

  for (const protocol of protocols) {
    if (isGreeted) {
      send(encodeMessage(protocol))
    } else {
      send(greeting(protocol))
      checkHeader(yield HEADER_MESSAGE)
      isGreeted = true
    }

    if (isTaken(protocol, yield ANY_MESSAGE)) {
      return protocol
    }
  }

  throw unsupported(protocols)
}

/** Greetings made once and sent often. */
const greetings = new Map<string, Uint8Array>()
const MAX_CACHED_GREETINGS = 256

/** What a lazy opener sends before its first bytes: header and proposal in one. */
export function greeting (protocol: string): Uint8Array {
  const known = greetings.get(protocol)

  if (known != null) {
    return known
  }

  const made = concat([HEADER, encodeMessage(protocol)])

  if (greetings.size < MAX_CACHED_GREETINGS) {
    greetings.set(protocol, made)
  }

  return made
}

/**
 * Takes the answer to a greeting.
 *
 * @throws as `proposing`
 */
export function * confirming (protocol: string): Negotiation {
  checkHeader(yield HEADER_MESSAGE)

  if (!isTaken(protocol, yield ANY_MESSAGE)) {
    throw unsupported([protocol])
  }

  return protocol
}

/**
 * Answers proposals until one is supported, and ends with that.
 *
 * @throws CodedError NegotiationFailed when the peer does not speak multistream-select, or asks more than
 * MAX_PROPOSALS times
 */
export function * answering (send: Send, supported: SupportedProtocols): Negotiation {
  checkHeader(yield HEADER_MESSAGE)

  // held back to leave in one message with the first answer, which is nearly always at hand
  let isHeld = true

  const answer = (message: Uint8Array): void => {
    send(isHeld ? concat([HEADER, message]) : message)
    isHeld = false
  }

  const onWait = (): void => {
    if (isHeld) {
      send(HEADER)
      isHeld = false
    }
  }

  for (let proposals = 0; proposals < MAX_PROPOSALS; proposals++) {
    const proposal = yield { onWait }

    if (supported.has(proposal)) {
      answer(encodeMessage(proposal))

      return proposal
    }

    answer(proposal === LIST ? encodeList(supported.list()) : encodeMessage(NOT_AVAILABLE))
  }

  throw new CodedError('NegotiationFailed', `the peer proposed ${MAX_PROPOSALS} protocols and none is supported`)
}

/** @throws as `proposing`, and NegotiationTimeout */
export async function selectProtocol (port: NegotiationPort, protocols: string[], options: NegotiateOptions): Promise<string> {
  return run(port, proposing((bytes) => { port.sendNow(bytes) }, protocols), options, `the peer to take one of ${protocols.join(', ')}`)
}

/** @throws as `confirming`, and NegotiationTimeout */
export async function confirmProtocol (port: NegotiationPort, protocol: string, options: NegotiateOptions): Promise<void> {
  await run(port, confirming(protocol), options, `the peer to take ${protocol}`)
}

/** @throws as `answering`, and NegotiationTimeout */
export async function answerProposals (port: NegotiationPort, supported: SupportedProtocols, options: NegotiateOptions): Promise<string> {
  return run(port, answering((bytes) => { port.sendNow(bytes) }, supported), options, 'the peer to propose a protocol')
}

async function run (port: NegotiationPort, negotiation: Negotiation, { clock, timeoutMs, signal }: NegotiateOptions, wanted: string): Promise<string> {
  using deadline = new Deadline({ clock, timeoutMs, signal, onTimeout: () => negotiationTimeout(timeoutMs, wanted) })
  let step = negotiation.next()

  while (step.done !== true) {
    step = negotiation.next(await nextMessage(port, step.value, deadline.signal))
  }

  return step.value
}

/** Reads one message, and leaves in the port whatever comes behind it. */
async function nextMessage (port: NegotiationPort, request: MessageRequest, signal: AbortSignal): Promise<string> {
  const parser = new MessageParser()

  for (;;) {
    const text = parser.parse(request)

    if (text != null) {
      port.unread(parser.rest)

      return text
    }

    if (port.buffered === 0) {
      request.onWait?.()
    }

    const chunk = await port.read(signal)

    if (chunk == null) {
      throw endedEarly()
    }

    parser.push(chunk)
  }
}

export function negotiationTimeout (timeoutMs: number, wanted: string): CodedError {
  return new CodedError('NegotiationTimeout', `waited ${timeoutMs} ms for ${wanted}`)
}

export function endedEarly (): CodedError {
  return new CodedError('NegotiationFailed', 'the peer ended the stream in the middle of the negotiation')
}

function isTaken (protocol: string, answer: string): boolean {
  if (answer === protocol) {
    return true
  }

  if (answer === NOT_AVAILABLE) {
    return false
  }

  throw new CodedError('NegotiationFailed', `the peer answers the proposal of ${protocol} with ${quote(answer)} in place of the same or 'na'`)
}

function checkHeader (header: string): void {
  if (header !== MULTISTREAM_PROTOCOL) {
    throw new CodedError('NegotiationFailed', `multistream-select begins with ${MULTISTREAM_PROTOCOL}, received ${quote(header)}`)
  }
}

function unsupported (protocols: string[]): CodedError {
  return new CodedError('UnsupportedProtocol', `the peer speaks none of ${protocols.join(', ')}`)
}

const QUOTED_CHARACTERS = 64

function quote (text: string): string {
  return JSON.stringify(text.length > QUOTED_CHARACTERS ? `${text.slice(0, QUOTED_CHARACTERS)}…` : text)
}
