import { raceSignal } from '../../../src/base/index.ts'
import { reference } from '../../../src/service/index.ts'
import { socketPair } from '../../support/channel-pairs.ts'
import { memoryPair } from '../../support/memory-session-pair.ts'
import type { Reference, ServiceLike } from '../../../src/service/index.ts'
import type { SessionPair } from '../../../src/testing/index.ts'

/** Where a service is, seen from its client. */
export interface Place extends AsyncDisposable {
  readonly reference: Reference
  /** Undefined within one process. */
  readonly pair: SessionPair | undefined
}

async function across (pair: SessionPair, object: ServiceLike): Promise<Place> {
  await pair.far.newSendChannel<{ root: Reference }>().send({ root: reference(object) })

  const channel = await pair.near.waitReceiveChannel<{ root: Reference }>()
  const { value } = await channel.receive()

  if (value == null) {
    throw new Error('wanted a reference to the service')
  }

  return { reference: value.root, pair, [Symbol.asyncDispose]: async () => pair[Symbol.asyncDispose]() }
}

export async function overSession (object: ServiceLike): Promise<Place> {
  return across(await memoryPair(), object)
}

/** Each way to reach a service. */
export const PLACES: ReadonlyArray<[name: string, place: (object: ServiceLike) => Promise<Place>]> = [
  ['in one process', async (object) => ({ reference: reference(object), pair: undefined, async [Symbol.asyncDispose] () {} })],
  ['over a session', overSession],
  ['over tcp', async (object) => across(await socketPair('tcp://127.0.0.1:0')({ near: {}, far: {} }), object)]
]

/** What a promise rejects with, or a complaint. */
export async function rejection (promise: Promise<unknown>): Promise<Error & { code?: string, data?: unknown, remoteCode?: string, cause?: unknown }> {
  try {
    await promise
  } catch (error) {
    return error as Error
  }

  throw new Error('wanted a rejection, and it resolved')
}

/** Rejects with the signal's reason. */
export async function aborted (signal: AbortSignal): Promise<never> {
  return raceSignal(new Promise<never>(() => {}), signal)
}
