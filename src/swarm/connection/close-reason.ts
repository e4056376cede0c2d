import { CodedError } from '../../base/index.ts'
import { CONNECTION_CLOSE_CODE } from '../constants.ts'
import type { CloseReason } from '../contract/connection.ts'

/** What each reason says on the wire, where the muxer can carry a code (yamux: in its GoAway). */
const WIRE_CODE: Readonly<Record<CloseReason['code'], number>> = {
  closed: CONNECTION_CLOSE_CODE.none,
  aborted: CONNECTION_CLOSE_CODE.none,
  lost: CONNECTION_CLOSE_CODE.none,
  keepAlive: CONNECTION_CLOSE_CODE.none,
  supplanted: CONNECTION_CLOSE_CODE.supplanted,
  trimmed: CONNECTION_CLOSE_CODE.garbageCollected,
  gated: CONNECTION_CLOSE_CODE.gated,
  limited: CONNECTION_CLOSE_CODE.resourceLimit,
  protocol: CONNECTION_CLOSE_CODE.protocolViolation,
  shutdown: CONNECTION_CLOSE_CODE.shutdown
}

const REASON_BY_WIRE_CODE: ReadonlyMap<number, CloseReason['code']> = new Map([
  [CONNECTION_CLOSE_CODE.none, 'closed'],
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

/** The error that calls on a connection get after it has ended. */
export function closeError (reason: CloseReason): CodedError {
  const isLost = reason.code === 'lost' || reason.code === 'keepAlive'
  const who = reason.by === 'local' ? 'on this side' : 'by the peer'

  return new CodedError(
    isLost ? 'ConnectionLost' : 'ConnectionClosed',
    isLost ? `the connection was lost: ${MEANING[reason.code]}` : `the connection was closed ${who}: ${MEANING[reason.code]}`,
    { cause: reason.error }
  )
}
