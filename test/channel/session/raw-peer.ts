import { onTestFinished } from 'vitest'
import { memoryProviders } from '../../../src/channel/providers/index.ts'
import { createSession } from '../../../src/channel/session/index.ts'
import { FakeClock, settle } from '../../support/fake-clock.ts'
import { recordLink, startRecorded } from '../providers/recorded-link.ts'
import type { ReferenceKind, Session, SessionInit, StreamHeaders, StreamProvider } from '../../../src/channel/contract/index.ts'
import type { MemoryInit } from '../../../src/channel/providers/index.ts'
import type { RecordedLink, RecordedProvider } from '../providers/recorded-link.ts'

/** A session, the initiator, and a peer that says what the test wants. */
export interface RawScene {
  session: Session
  clock: FakeClock
  raw: StreamProvider
  arrived: RecordedProvider
}

export function rawScene ({ memory, ...init }: SessionInit & { memory?: MemoryInit } = {}): RawScene {
  const clock = new FakeClock()
  const [ours, raw] = memoryProviders(memory)
  const session = createSession(ours, { clock, ...init })

  onTestFinished(() => { session.abort() })

  return { session, clock, raw, arrived: startRecorded(raw) }
}

/** Opens a stream as the peer, and listens to it. */
export function openRaw ({ raw }: RawScene, headers: StreamHeaders): RecordedLink {
  const recorded = recordLink(raw.open(headers))

  recorded.link.resume()

  return recorded
}

/** The streams that the session has opened, listened to. */
export async function arrivedRaw ({ arrived }: RawScene): Promise<RecordedLink[]> {
  await settle()

  const recorded = arrived.streams.map((link) => recordLink(link))

  for (const { link } of recorded) {
    link.resume()
  }

  await settle()

  return recorded
}

export function headers (ref: number, parent = 0, more: StreamHeaders = {}): StreamHeaders {
  return { 'libchan-ref': String(ref), 'libchan-parent-ref': String(parent), ...more }
}

/** A record of fewer than 128 bytes. */
export function record (type: number, ...payload: number[]): Uint8Array {
  return Uint8Array.of(type, payload.length, ...payload)
}

/** A reference in msgpack. */
export function reference (kind: ReferenceKind, ref: number): number[] {
  return [0xD6, kind, 0, 0, 0, ref]
}
