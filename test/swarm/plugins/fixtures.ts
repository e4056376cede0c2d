import { systemClock } from '../../../src/base/index.ts'
import { PluginStream } from '../../../src/swarm/plugins/index.ts'
import { streamPair } from '../../support/stream-pair.ts'
import type { Clock } from '../../../src/base/index.ts'
import type { StreamPair, StreamPairInit } from '../../support/stream-pair.ts'

export interface PluginPair extends Disposable {
  near: PluginStream
  far: PluginStream
  /** The same two ends, beneath the views. */
  pair: StreamPair
}

/** Two ends of one stream as plugins see them, without negotiation. */
export async function pluginPair (init: StreamPairInit & { clock?: Clock } = {}): Promise<PluginPair> {
  const pair = await streamPair(init)

  return {
    near: new PluginStream(pair.near, init.clock ?? systemClock),
    far: new PluginStream(pair.far, init.clock ?? systemClock),
    pair,
    [Symbol.dispose] () { pair[Symbol.dispose]() }
  }
}

/** What a target dispatches, in order, by type. */
export function record (target: EventTarget, ...types: string[]): string[] {
  const told: string[] = []

  for (const type of types) {
    target.addEventListener(type, () => { told.push(type) })
  }

  return told
}

/** The text of all messages that come, growing. */
export function collect (stream: PluginStream): { text: string } {
  const collected = { text: '' }

  stream.addEventListener('message', ({ data }) => {
    collected.text += new TextDecoder().decode(data.subarray())
  })

  return collected
}

export function bytes (text: string): Uint8Array {
  return new TextEncoder().encode(text)
}

export async function readAll (stream: AsyncIterable<{ subarray (): Uint8Array }>): Promise<string> {
  let text = ''

  for await (const message of stream) {
    text += new TextDecoder().decode(message.subarray())
  }

  return text
}
