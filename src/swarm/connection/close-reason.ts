import { CodedError, isCoded, withoutStack } from '../../base/index.ts'
import { CONNECTION_CLOSE_CODE } from '../constants.ts'
import type { ErrorCode } from '../../base/index.ts'
import type { CloseReason } from '../contract/connection.ts'

/** What yamux itself means by the codes of its GoAway (hashicorp/yamux spec.md). */
const GO_AWAY_PROTOCOL_ERROR = 1
const GO_AWAY_INTERNAL_ERROR = 2

/** What each reason says on the wire, where the muxer can carry a code (yamux: in its GoAway). */
const WIRE_CODE: Readonly<Record<CloseReason['code'], number>> = {
  closed: CONNECTION_CLOSE_CODE.none,
  aborted: GO_AWAY_INTERNAL_ERROR,
  lost: GO_AWAY_INTERNAL_ERROR,
  keepAlive: GO_AWAY_INTERNAL_ERROR,
  supplanted: CONNECTION_CLOSE_CODE.supplanted,
  trimmed: CONNECTION_CLOSE_CODE.garbageCollected,
  gated: CONNECTION_CLOSE_CODE.gated,
  limited: CONNECTION_CLOSE_CODE.resourceLimit,
  protocol: CONNECTION_CLOSE_CODE.protocolViolation,
  shutdown: CONNECTION_CLOSE_CODE.shutdown
}

const REASON_BY_WIRE_CODE: ReadonlyMap<number, CloseReason['code']> = new Map([
  [CONNECTION_CLOSE_CODE.none, 'closed'],
  [GO_AWAY_PROTOCOL_ERROR, 'protocol'],
  [GO_AWAY_INTERNAL_ERROR, 'aborted'],
  [CONNECTION_CLOSE_CODE.supplanted, 'supplanted'],
  [CONNECTION_CLOSE_CODE.garbageCollected, 'trimmed'],
  [CONNECTION_CLOSE_CODE.gated, 'gated'],
  [CONNECTION_CLOSE_CODE.resourceLimit, 'limited'],
  [CONNECTION_CLOSE_CODE.rateLimit, 'limited'],
  [CONNECTION_CLOSE_CODE.negotiationFailed, 'protocol'],
  [CONNECTION_CLOSE_CODE.protocolViolation, 'protocol'],
  [CONNECTION_CLOSE_CODE.shutdown, 'shutdown']
])

const MEANING: Readonly<Record<CloseReason['code'], string>> = {
  closed: 'it was closed',
  aborted: 'it was aborted',
  lost: 'the network or the other process went away',
  keepAlive: 'the peer no longer answered',
  supplanted: 'another connection to the peer took its place',
  trimmed: 'there were too many connections',
  gated: 'the connection gater refused it',
  limited: 'a resource limit refused it',
  protocol: 'the rules of a protocol were broken',
  shutdown: 'the swarm closed'
}

export function wireCode (code: CloseReason['code']): number {
  return WIRE_CODE[code]
}

/** Why the peer went, from the code in its farewell. */
export function reasonFromWire (code: number): CloseReason {
  return { code: REASON_BY_WIRE_CODE.get(code) ?? 'aborted', by: 'remote' }
}

/** The error that calls on a connection, and on its streams, get after it has ended; `closeReason` is the code of that. */
export function closeError (reason: CloseReason): CodedError & { readonly closeReason: CloseReason['code'] } {
  const isLost = reason.code === 'lost' || reason.code === 'keepAlive'
  const who = reason.by === 'local' ? 'on this side' : 'by the peer'

  const error = withoutStack(() => new CodedError(
    isLost ? 'ConnectionLost' : 'ConnectionClosed',
    isLost ? `the connection was lost: ${MEANING[reason.code]}` : `the connection was closed ${who}: ${MEANING[reason.code]}`,
    { cause: reason.error }
  ))

  return Object.assign(error, { closeReason: reason.code })
}

/** How the stream ends that a relayed connection runs over; any other error with a code of ours is our doing. */
const LOSSES: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['ConnectionLost', 'ConnectionClosed', 'StreamReset'])

/** As `closeError`, for a muxer to abort with: npm's yamux reads the code from `reason`, ours from `goAwayCode`. */
export function farewellError (reason: CloseReason): CodedError {
  const code = wireCode(reason.code)

  return Object.assign(closeError(reason), { reason: code, goAwayCode: code })
}

/** Why the connection ended, from what its transport or its muxer closed with. */
export function reasonFromTransport (error: Error | undefined): CloseReason {
  if (error == null) {
    return { code: 'lost', by: 'remote' }
  }

  if (isProtocolError(error)) {
    return { code: 'protocol', by: 'local', error }
  }

  return isCoded(error) && !LOSSES.has(error.code)
    ? { code: 'aborted', by: 'local', error }
    : { code: 'lost', by: 'remote', error }
}

/** Both yamuxes break off with an error that says what they tell the peer; our Noise with one of its own. */
function isProtocolError (error: Error): boolean {
  return isCoded(error, 'ProtocolViolation') || ('goAwayCode' in error && error.goAwayCode === GO_AWAY_PROTOCOL_ERROR) ||
    ('reason' in error && error.reason === GO_AWAY_PROTOCOL_ERROR)
}
