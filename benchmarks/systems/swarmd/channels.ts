/* Channels between the peers of a swarm. The first message on a channel says what the others are. */
import { createChannels } from '../../../src/mesh/index.ts'
import { bulk, sink } from '../byte-pipe.ts'
import { MESSAGE_BYTES } from '../system.ts'
import { expectEcho, expectReceived, inParallel, Work } from '../work.ts'
import { addressOf, clientNode, serverNode } from './nodes.ts'
import { StreamPipe } from './stream-pipe.ts'
import type { ByteStream, Receiver, Sender, Session } from '../../../src/channel/index.ts'
import type { Swarm } from '../../../src/index.ts'
import type { Amount, ClientEnd, Done, System } from '../system.ts'

const MESSAGE = new Uint8Array(MESSAGE_BYTES).fill(7)

/** What channels are for: messages that are counted, requests that bring the channel for their answer, byte streams to be read. */
type Purpose =
  | { purpose: 'count', count: Sender<number> }
  | { purpose: 'echo' }
  | { purpose: 'sink', stream: ByteStream }

interface Request {
  data: Uint8Array
  answer: Sender<Uint8Array>
}

async function serve (session: Session): Promise<void> {
  for await (const channel of session) {
    serveChannel(channel).catch(() => {}) // a session that ended; the client tells
  }
}

async function serveChannel (channel: Receiver<unknown>): Promise<void> {
  const opening = (await channel.receive()).value as Purpose

  switch (opening.purpose) {
    case 'count': return count(channel, opening.count)
    case 'echo': return echo(channel as Receiver<Request>)
    case 'sink': return sink(new StreamPipe(opening.stream))
    default: throw new TypeError('wanted a purpose')
  }
}

async function count (channel: Receiver<unknown>, answer: Sender<number>): Promise<void> {
  let messages = 0

  for await (const message of channel) {
    messages += (message as Uint8Array).byteLength / MESSAGE_BYTES
  }

  await answer.send(messages)
  await answer.close()
}

async function echo (channel: Receiver<Request>): Promise<void> {
  for await (const request of channel) {
    respond(request).catch(() => {})
  }
}

async function respond ({ data, answer }: Request): Promise<void> {
  await answer.send(data)
  await answer.close()
}

class ChannelsClient implements ClientEnd {
  readonly #swarm: Swarm
  readonly #session: Session
  #echo: Promise<Sender<Request>> | undefined

  constructor (swarm: Swarm, session: Session) {
    this.#swarm = swarm
    this.#session = session
  }

  async bulk (amount: Amount, streams: number): Promise<Done> {
    return bulk(await Promise.all(Array.from({ length: streams }, () => this.#byteStream())), amount)
  }

  async messages (amount: Amount): Promise<Done> {
    const [counts, remote] = this.#session.createNestedReceiver<number>()
    const channel = await this.#open<Uint8Array>({ purpose: 'count', count: remote })
    const work = new Work(amount)

    while (work.next()) {
      if (!channel.trySend(MESSAGE)) {
        await channel.send(MESSAGE)
      }
    }

    await channel.close()
    expectReceived((await counts.receive()).value ?? 0, work.taken)

    return work.done()
  }

  async requests (amount: Amount, outstanding: number): Promise<Done> {
    const channel = await (this.#echo ??= this.#open<Request>({ purpose: 'echo' }))

    return inParallel(amount, outstanding, async () => {
      const [answers, answer] = this.#session.createNestedReceiver<Uint8Array>()

      await channel.send({ data: MESSAGE, answer })
      expectEcho((await answers.receive()).value?.byteLength ?? 0)
    })
  }

  async close (): Promise<void> {
    await this.#session.close()
    await this.#swarm.close()
  }

  async #byteStream (): Promise<StreamPipe> {
    const [local, remote] = this.#session.createByteStream()

    await this.#open({ purpose: 'sink', stream: remote })

    return new StreamPipe(local)
  }

  async #open<T> (purpose: Purpose): Promise<Sender<T>> {
    const channel = this.#session.newSendChannel<unknown>()

    await channel.send(purpose)

    return channel
  }
}

export const swarmdChannels: System = {
  name: 'swarmd channels',
  about: 'channels over a swarm with TCP, Noise and yamux, with its defaults but for raised limits; each request carries a fresh nested channel for its answer; bulk is a byte stream in a message',
  packages: [],

  async serve () {
    const swarm = await serverNode('Noise')

    createChannels(swarm, { onSession: serve })

    return { address: addressOf(swarm), close: () => swarm.close() }
  },

  async connect (address) {
    const swarm = await clientNode('Noise')

    return new ChannelsClient(swarm, await createChannels(swarm).connect(address))
  }
}
