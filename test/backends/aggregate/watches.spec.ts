import { describe, expect, it } from 'vitest'
import { VERBS } from '../../../src/service/index.ts'
import { settle } from '../../support/fake-clock.ts'
import { openScene } from './scene.ts'
import type { Scene } from './scene.ts'
import type { Receiver, Sender } from '../../../src/channel/index.ts'
import type { Message } from '../../../src/service/index.ts'

/** An engine is back after so long. */
const BACK_MS = 1500

interface Watched extends AsyncDisposable {
  readonly scene: Scene
  /** Who watches each engine. */
  readonly watchers: Readonly<Record<'a' | 'b', Array<Sender<Message>>>>
}

/** Two engines that let themselves be watched; `b` answers when `gate` opens. */
async function watched (gate: Promise<void> = Promise.resolve()): Promise<Watched> {
  const scene = await openScene(['a', 'b'])
  const watchers = { a: [] as Array<Sender<Message>>, b: [] as Array<Sender<Message>> }

  for (const name of ['a', 'b'] as const) {
    scene.engine(name).server.onVerb(VERBS.watch, async (call) => {
      await (name === 'b' ? gate : undefined)
      await call.ack()

      const ret = call.takeRet()

      if (ret != null) {
        watchers[name].push(ret)
      }
    })
  }

  return { scene, watchers, [Symbol.asyncDispose]: async () => scene[Symbol.asyncDispose]() }
}

function event (name: string): Message {
  return { verb: VERBS.set, args: [JSON.stringify(name)] }
}

/** What is heard; goes on by itself. */
function hear (events: Receiver<Message>): string[] {
  const heard: string[] = []

  void (async () => {
    for await (const { args: [text = ''] } of events) {
      heard.push(text)
    }
  })().catch(() => {})

  return heard
}

async function lose (scene: Scene): Promise<void> {
  scene.engine('a').lose('cut')
  await settle()
}

describe('a watch of several engines', () => {
  it('hears an engine that came back while another was asked', async () => {
    const gate = Promise.withResolvers<void>()
    await using scenery = await watched(gate.promise)
    const { scene, watchers } = scenery

    await lose(scene)

    const asked = scene.input.watch(['events', ''])

    await settle()
    await scene.clock.advance(BACK_MS)
    await settle()
    gate.resolve()

    const events = await asked
    const heard = hear(events)

    await settle()
    await watchers.a.at(-1)?.send(event('a is heard'))
    await settle()

    expect(heard).toContain('"a is heard"')
    events.cancel()
  })

  it('hears an engine that was lost and came back while nobody read', async () => {
    await using scenery = await watched()
    const { scene, watchers } = scenery
    const events = await scene.input.watch(['events', ''])

    await settle()

    const flood = (async () => {
      for (let count = 0; count < 400; count++) {
        await watchers.b[0]?.send(event(`b ${count}`))
      }
    })()

    await settle()
    watchers.a[0]?.abort('cut')
    await lose(scene)
    await scene.clock.advance(BACK_MS)
    await settle()

    const heard = hear(events)

    await flood
    await settle()
    await watchers.a.at(-1)?.send(event('a is heard'))
    await settle()

    expect(watchers.a).toHaveLength(2)
    expect(heard).toContain('"a is heard"')
    events.cancel()
  })
})

describe('spawning at several engines', () => {
  it('counts no spawn that nobody waits for', async () => {
    await using scene = await openScene(['a', 'b'])
    const made: string[] = []

    for (const name of ['a', 'b']) {
      scene.engine(name).server
        .onLs(() => name === 'b' ? ['1', '2', '3', '4', '5', '6', '7'] : [])
        .onVerb(VERBS.spawn, () => { made.push(name) })
    }

    for (let count = 0; count < 12; count++) {
      await scene.input.target.send({ verb: VERBS.spawn, args: ['x'] })
      await settle()
    }

    expect(made).toEqual(new Array(12).fill('a'))
  })
})
