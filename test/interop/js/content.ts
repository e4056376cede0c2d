import { CID } from 'multiformats/cid'
import * as raw from 'multiformats/codecs/raw'
import { sha256 } from 'multiformats/hashes/sha2'
import { pEvent } from 'p-event'
import type { Node } from './node.ts'
import type { Task, Verb } from './task.ts'
import type { Message } from '@libp2p/gossipsub'

async function contentId (text: string): Promise<CID> {
  return CID.createV1(raw.code, await sha256.digest(Buffer.from(text)))
}

async function provide ({ node, args, signal }: Task): Promise<unknown> {
  const cid = await contentId(args.text)

  await node.contentRouting.provide(cid, { signal })

  return { cid: cid.toString() }
}

async function find ({ node, args, signal }: Task): Promise<unknown> {
  const providers = node.contentRouting.findProviders(await contentId(args.text), { signal })[Symbol.asyncIterator]()
  const { value } = await providers.next()

  await providers.return?.()

  return { peers: value == null ? [] : [value.id.toString()] }
}

interface Received {
  readonly text: string
  readonly from: string
}

/** What came for the topics of a node, and was not asked for yet. */
class Inbox {
  readonly #topics = new Map<string, Received[]>()
  readonly #arrivals = new EventTarget()

  constructor ({ services: { pubsub } }: Node) {
    pubsub.addEventListener('message', ({ detail }) => { this.#add(detail) })
  }

  join (topic: string): void {
    this.#topics.set(topic, [])
  }

  async next (topic: string, signal: AbortSignal): Promise<Received> {
    const messages = this.#topics.get(topic)

    if (messages == null) {
      throw new Error(`${topic} was not joined`)
    }

    while (true) {
      const message = messages.shift()

      if (message != null) {
        return message
      }

      await pEvent(this.#arrivals, 'message', { signal })
    }
  }

  #add (message: Message): void {
    if (message.type === 'signed') {
      this.#topics.get(message.topic)?.push({ text: Buffer.from(message.data).toString(), from: message.from.toString() })
      this.#arrivals.dispatchEvent(new Event('message'))
    }
  }
}

const inboxes = new WeakMap<Node, Inbox>()

function join ({ node, args }: Task): void {
  const inbox = inboxes.get(node) ?? new Inbox(node)

  inboxes.set(node, inbox)
  inbox.join(args.topic)
  node.services.pubsub.subscribe(args.topic)
}

/** Until it has gone to somebody: of who has joined is known before there is a stream to them. */
async function publish ({ node, args, signal }: Task): Promise<void> {
  const { pubsub } = node.services

  while ((await pubsub.publish(args.topic, Buffer.from(args.text))).recipients.length === 0) {
    await pEvent(pubsub, 'gossipsub:heartbeat', { signal })
  }
}

async function next ({ node, args, signal }: Task): Promise<Received> {
  const inbox = inboxes.get(node)

  if (inbox == null) {
    throw new Error('no topic was joined')
  }

  return inbox.next(args.topic, signal)
}

/** Verbs of kad-dht and of gossipsub. */
export const CONTENT_VERBS: Readonly<Record<string, Verb>> = { provide, find, join, publish, next }
