import { atMost, failed, ok, outcome, same } from './assert.ts'
import { makeBusy, outcomes } from './busy.ts'
import { ask, serve } from './requests.ts'
import { assertNothingLeft } from './stage.ts'
import { next, open, range } from './steps.ts'
import { until, within } from './waiting.ts'
import type { Cases } from './cases.ts'
import type { Stage } from './stage.ts'
import type { ByteStream } from '../../channel/index.ts'

/** Beyond what the engine itself keeps or not, from one look to the next. */
const MAX_GROWTH_BYTES = 4 * 1024 * 1024
const BATCH = 100

async function usedBytes ({ memory }: Stage): Promise<number> {
  await memory?.collect()

  return memory?.usedBytes() ?? 0
}

export const cleanup: Cases = {
  async 'does not grow by many nested channels, opened and closed' (stage) {
    const { near, far } = await stage.pair()
    const [sender, receiver] = await open(near, far)
    const serving = serve(receiver)
    const { channels } = stage.sizes
    const asked = async (from: number, to: number): Promise<void> => {
      for (let n = from; n < to; n += BATCH) {
        const numbers = range(n, Math.min(to, n + BATCH))

        same(await Promise.all(numbers.map((each) => ask(near, sender, each))), numbers.map((each) => 2 * each), 'the answers')
      }
    }

    // what is made once is made now
    await asked(0, channels / 2)

    const before = await usedBytes(stage)

    await asked(channels / 2, channels)
    await until(() => near.stat().opened === 1 && far.stat().accepted === 1, () => `the channel alone to be left, not ${near.stat().opened} and ${far.stat().accepted}`)
    atMost(await usedBytes(stage) - before, MAX_GROWTH_BYTES, `growth in bytes, by ${channels / 2} channels`)
    await sender.close()
    await within(serving, 'the server to end')
    await until(() => near.stat().opened + far.stat().accepted === 0, 'no stream to be left')
  },

  async 'does not grow by many top-level channels and byte streams' (stage) {
    const { near, far } = await stage.pair()

    for (let n = 0; n < 500; n++) {
      const [sender, receiver] = await open(n % 2 === 0 ? near : far, n % 2 === 0 ? far : near)
      const [local, remote] = (n % 2 === 0 ? near : far).createByteStream()

      await sender.send(remote)
      await sender.close()

      const arrived = await next<ByteStream>(receiver)

      ok((await receiver.receive()).done === true, 'the channel ends')
      await Promise.all([local.end(), arrived.end()])
      await Promise.all([local.read(), arrived.read()])
    }

    const counts = (): number[] => [near, far].flatMap((session) => Object.values(session.stat()))

    await until(() => counts().every((count) => count === 0), () => `no stream to be left, not ${counts().join(', ')}`)
  },

  async 'leaves nothing when it closes with everything in flight' (stage) {
    const pair = await stage.pair()
    const busy = await makeBusy(pair)

    await within(Promise.all([pair.near.close(), pair.far.close()]), 'both to close')
    await outcomes(busy)
    await assertNothingLeft(pair.near, 'near')
    await assertNothingLeft(pair.far, 'far')
  },

  async 'leaves nothing when the connection is lost with everything in flight' (stage) {
    const pair = await stage.pair()
    const busy = await makeBusy(pair)

    await pair.cut('reset')
    await outcomes(busy)
    await assertNothingLeft(pair.near, 'near')
    await assertNothingLeft(pair.far, 'far')
  },

  async 'fails what is begun after the end' (stage) {
    const { near, far } = await stage.pair()
    const [sender, receiver] = await open(near, far)
    const [, remote] = near.createNestedSender()

    await near.close()
    await within(far.closed, 'far.closed to resolve')

    const all: Array<Promise<unknown>> = [sender.send(1), sender.send({ remote }), receiver.receive(), near.waitReceiveChannel()]

    for (const result of await within(Promise.all(all.map((begun) => outcome(begun))), 'all of it to settle')) {
      failed(result, 'SessionClosed', 'what is begun after the end')
    }
  },

  async 'ends with the session what was made for it and never sent' (stage) {
    const { near } = await stage.pair()
    const [sender] = near.createNestedSender()
    const [receiver] = near.createNestedReceiver()
    const [bytes] = near.createByteStream()
    const waiting = { sending: outcome(sender.send(1)), receiving: outcome(receiver.receive()), reading: outcome(bytes.read()) }

    await near.close()

    for (const [what, result] of Object.entries(waiting)) {
      failed(await within(result, `${what} to settle`), 'SessionClosed', what)
    }
  }
}
