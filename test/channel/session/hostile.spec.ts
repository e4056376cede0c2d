import { describe, expect, it } from 'vitest'
import { pipe } from '../../../src/channel/pipe/index.ts'
import { memoryProviders } from '../../../src/channel/providers/index.ts'
import { ByteQueue } from '../../../src/channel/session/byte-queue.ts'
import { createSession } from '../../../src/channel/session/index.ts'
import { eventually } from '../../support/settle.ts'
import { openRaw, rawScene } from './raw-peer.ts'
import type { ByteStream, Receiver, Sender, Session } from '../../../src/channel/contract/index.ts'

function sessions (): [Session, Session] {
  const [near, far] = memoryProviders()

  return [createSession(near), createSession(far)]
}

async function first<T> (session: Session): Promise<T> {
  const { value } = await (await session.waitReceiveChannel<T>()).receive()

  return value as T
}

describe('a queue of bytes', () => {
  // spec-channel 13.3
  it('keeps many small pieces in few chunks', () => {
    const queue = new ByteQueue()

    for (let n = 0; n < 100_000; n++) {
      queue.push(Uint8Array.of(n & 0xFF))
    }

    expect(queue.length).toBe(100_000)
    expect(queue.count).toBeLessThan(30)
    expect(queue.take(3)).toEqual(Uint8Array.of(0, 1, 2))
    expect(queue.take(99_997).at(-1)).toBe(99_999 & 0xFF)
  })
})

describe('a receiver that returned', () => {
  // spec-channel 6.6 and 9.3
  it('tells of the loss that came before it was taken, and of no end', async () => {
    const [near, far] = sessions()
    const [receiver, sender] = pipe<number>()

    await near.newSendChannel().send({ receiver })

    const away = await first<{ receiver: Receiver<number> }>(far)

    await far.newSendChannel().send({ back: away.receiver })

    const carrier = await near.waitReceiveChannel<{ back: Receiver<number> }>()

    far.abort(new Error('cut'))
    await near.closed

    const { value } = await carrier.receive()

    await expect(value?.back.receive()).rejects.toMatchObject({ code: 'ConnectionLost' })
    await expect(value?.back.closed).resolves.toMatchObject({ how: 'lost' })
    await expect(sender.send(1)).rejects.toMatchObject({ code: 'ChannelCancelled' })
  })
})

describe('a message that is on its way to a receiver who has left', () => {
  // spec-channel 8.7
  it('ends what it refers to', async () => {
    const [near, far] = sessions()
    const [receiver, sender] = pipe()

    await near.newSendChannel().send({ sender })

    const away = await first<{ sender: Sender<unknown> }>(far)
    const [answers, answer] = far.createNestedReceiver()
    const [bytes, remote] = far.createByteStream()

    await away.sender.send({ answer, remote })
    await eventually(() => near.stat().accepted === 2 && near.stat().unclaimed === 0)
    receiver.cancel()

    await expect(answers.receive()).rejects.toMatchObject({ reason: { code: 9 } })
    await expect(bytes.read()).rejects.toMatchObject({ reason: { code: 9 } })
    await Promise.all([near.close(), far.close()])
  })
})

describe('a byte stream that ends before its other end travels', () => {
  it('settles what was written to it', async () => {
    const [near, far] = sessions()
    const [local, remote] = near.createByteStream()
    const writing = local.write(new Uint8Array(100 * 1024))
    const ending = local.end()

    await near.newSendChannel().send({ remote })

    const there = await first<{ remote: ByteStream }>(far)

    expect((await there.remote.bytes()).byteLength).toBe(100 * 1024)
    await Promise.all([writing, ending])
    await Promise.all([near.close(), far.close()])
  })
})

describe('a peer whose numbers are also ours', () => {
  // spec-channel 8.4 and 11.6
  it('loses no stream by the end of our channel of the same number as its parent', async () => {
    const scene = rawScene({ memory: { peerVersion: 0 } })
    const parent = openRaw(scene, { 'libchan-ref': '1' })
    const child = openRaw(scene, { 'libchan-ref': '9', 'libchan-parent-ref': '1' })
    const ours = scene.session.newSendChannel()

    await ours.send(1)
    await ours.close()
    await eventually(() => scene.arrived.streams.length === 1)
    scene.arrived.streams[0]?.reset({ code: 0, message: '' })
    await ours.closed
    parent.link.write(Uint8Array.of(0, 6, 0xD6, 4, 0, 0, 0, 9))

    const { value } = await (await scene.session.waitReceiveChannel<Sender<unknown>>()).receive()

    await value?.send(1)
    await eventually(() => child.log.length > 0)
    expect(child.log).toEqual(['data 0,1,1'])
  })
})

describe('closing twice', () => {
  it('ends the session when the signal of the second call says so', async () => {
    const [near, far] = memoryProviders()
    const closing = Promise.withResolvers<void>()
    const session = createSession(Object.assign(near, {
      close: async ({ signal }: { signal?: AbortSignal } = {}) => {
        signal?.addEventListener('abort', () => { closing.reject(signal.reason) })
        await closing.promise
      }
    }))
    const reason = new Error('enough')
    const controller = new AbortController()
    const begun = session.close()
    const second = session.close({ signal: controller.signal })

    controller.abort(reason)

    await expect(second).rejects.toBe(reason)
    await expect(begun).rejects.toBe(reason)
    far.abort(new Error('over'))
  })
})
