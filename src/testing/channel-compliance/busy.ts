import { outcome } from './assert.ts'
import { ByteFlood, Flood, next, open } from './steps.ts'
import { within } from './waiting.ts'
import type { Outcome } from './assert.ts'
import type { SessionPair } from './contract.ts'
import type { ByteStream, Receiver, Sender, Session } from '../../channel/index.ts'

/** A pair with something of everything under way, on both sides. */
export interface Busy {
  /** What waits, and what comes of it in the end. */
  readonly pending: ReadonlyArray<readonly [what: string, result: Promise<Outcome>]>
  /** Channels with messages that nobody has received, and what their senders have sent. */
  readonly unread: ReadonlyArray<readonly [receiver: Receiver<unknown>, flood: Flood]>
  /** Byte streams that are read by nobody. */
  readonly unreadBytes: readonly ByteStream[]
  /** Channel ends that are open and idle. */
  readonly idle: ReadonlyArray<Sender<unknown> | Receiver<unknown>>
}

const CHUNK = new Uint8Array(16 * 1024)

/** Starts everything that can wait, and waits until it does. */
export async function makeBusy (pair: SessionPair): Promise<Busy> {
  const sides = [await makeSideBusy(pair.near, pair.far, 'near'), await makeSideBusy(pair.far, pair.near, 'far')]

  // last, as who waits here would get the channels of the others
  const waiting = ([['near', pair.near], ['far', pair.far]] as const)
    .map(([name, session]) => [`${name}.waitReceiveChannel`, outcome(session.waitReceiveChannel())] as const)

  return {
    pending: [...sides.flatMap(({ pending }) => pending), ...waiting],
    unread: sides.flatMap(({ unread }) => unread),
    unreadBytes: sides.flatMap(({ unreadBytes }) => unreadBytes),
    idle: sides.flatMap(({ idle }) => idle)
  }
}

async function makeSideBusy (from: Session, to: Session, name: string): Promise<Busy> {
  const [carrier, arrivals] = await open(from, to)
  const [floodSender, unread] = await open(from, to)
  const [closingSender, unreadToo] = await open(from, to)
  const [idleSender, idleReceiver] = await open(from, to)
  const [bytes, remoteBytes] = from.createByteStream()
  const [stalledBytes, remoteStalledBytes] = from.createByteStream()
  const [answers, remoteAnswers] = from.createNestedReceiver()
  const [jobs, remoteJobs] = from.createNestedSender()
  const [unclaimed, remoteUnclaimed] = from.createNestedSender()

  await carrier.send({ bytes: remoteBytes, stalled: remoteStalledBytes, answers: remoteAnswers, jobs: remoteJobs })
  await carrier.send({ unclaimed: remoteUnclaimed })

  const arrived = await next<{ bytes: ByteStream, stalled: ByteStream, answers: Sender<unknown>, jobs: Receiver<unknown> }>(arrivals)
  const floods = [floodSender, closingSender, jobs, unclaimed].map((sender) => new Flood(sender))
  const byteFlood = new ByteFlood(stalledBytes, CHUNK)
  const [flood, closing, nested, toNobody] = floods as [Flood, Flood, Flood, Flood]

  await Promise.all([...floods, byteFlood].map((each) => each.stalled()))

  const failure = (error: Promise<unknown>): Promise<Outcome> => error.then((reason) => reason == null ? { value: undefined } : { error: reason })

  closing.stop()
  void outcome(closingSender.close())

  // what waits before the close may still be taken, as the other side reads on to learn of the end
  const unclosed = closingSender.closed.then((end) => end.how === 'lost' ? { error: end.error } : { value: end.how })

  return {
    pending: [
      [`send of ${name}`, failure(flood.ended)],
      [`close of ${name}`, unclosed],
      [`nested send of ${name}`, failure(nested.ended)],
      [`send of ${name} to what nobody claimed`, failure(toNobody.ended)],
      [`write of ${name}`, failure(byteFlood.ended)],
      [`read of ${name}`, outcome(bytes.read())],
      [`read of what came from ${name}`, outcome(arrived.bytes.read())],
      [`receive of what ${name} opened`, outcome(idleReceiver.receive())],
      [`nested receive of ${name}`, outcome(answers.receive())]
    ],
    unread: [[unread, flood], [unreadToo, closing], [arrived.jobs, nested]],
    unreadBytes: [arrived.stalled],
    idle: [idleSender, arrived.answers, carrier]
  }
}

/** What came of everything that waited. */
export async function outcomes ({ pending }: Busy): Promise<Array<readonly [what: string, result: Outcome]>> {
  const results: Array<readonly [string, Outcome]> = []

  for (const [what, result] of pending) {
    results.push([what, await within(result, `${what} to settle`)])
  }

  return results
}

/** Reads up to the failure that ends a stream; an end is an outcome, too. */
export async function readUntilFailure (stream: ByteStream): Promise<Outcome> {
  for (;;) {
    const result = await within(outcome(stream.read()), 'bytes or a failure')

    if ('error' in result || result.value == null) {
      return result
    }
  }
}
