import { failed, fails, ok, outcome, same } from './assert.ts'
import { readUntilFailure } from './busy.ts'
import { ByteFlood, next, open, openBytes } from './steps.ts'
import { quiet, until, within } from './waiting.ts'
import type { Cases } from './cases.ts'
import type { ByteStream, ChannelError } from '../../channel/index.ts'

const REASON = { code: 300, message: 'enough' }
const CHUNK = new Uint8Array(16 * 1024)

export const byteStreams: Cases = {
  async 'ends one direction while the other goes on, whichever is first' (stage) {
    const { near, far } = await stage.pair()

    for (const [first, second] of [await openBytes(near, far), (await openBytes(near, far)).reverse() as [ByteStream, ByteStream]]) {
      await first.write('question')
      await first.closeWrite()
      same(await within(second.text(), 'the end of the question'), 'question', 'the question')

      await quiet()
      await second.write('the ')
      await second.end('answer')
      same(await within(first.text(), 'the end of the answer'), 'the answer', 'the answer')
      same(await within(Promise.all([first.closed, second.closed]), 'both to close'), [undefined, undefined], 'the errors')
    }
  },

  async 'reads an end for ever, and writes nothing behind its own' (stage) {
    const { near, far } = await stage.pair()
    const [local, remote] = await openBytes(near, far)

    await local.end()
    same(await within(remote.read(), 'the end'), null, 'what is read first')
    same(await within(remote.read(), 'the end'), null, 'what is read second')
    await fails(local.write('late'), 'StreamClosed', 'writing after the end')
    await local.closeWrite()
    await remote.close()
    same(await within(local.read(), 'the end'), null, 'what the other side reads')
  },

  async 'carries bytes before the message is received, and before it is sent' (stage) {
    const { near, far } = await stage.pair()
    const [sender, receiver] = await open(near, far)
    const [local, remote] = near.createByteStream()

    await local.write('before sending, ')
    await sender.send({ remote })
    await local.end('before receiving')
    await quiet()

    const arrived = await next<{ remote: ByteStream }>(receiver)

    same(await within(arrived.remote.text(), 'the end'), 'before sending, before receiving', 'the text')
  },

  async 'carries every piece, empty ones too, in order' (stage) {
    const { near, far } = await stage.pair()
    const [local, remote] = await openBytes(near, far)
    const bytes = Uint8Array.from({ length: 70_000 }, (_, index) => index * 31)

    const writing = (async () => {
      for (let [from, size] = [0, 0]; from < bytes.length; from += size, size++) {
        await local.write(bytes.subarray(from, from + size))
      }

      await local.end()
    })()

    same(await within(remote.bytes(), 'the end'), bytes, 'the bytes')
    await writing
  },

  async 'tells the other side of a reset, with its code' (stage) {
    const { near, far } = await stage.pair()
    const [local, remote] = await openBytes(near, far)
    const flood = new ByteFlood(local, CHUNK)
    const reading = outcome(local.read())

    await flood.stalled()
    remote.reset(REASON)

    const error = await within(flood.ended, 'the write that waits to fail')

    failed({ error }, 'StreamReset', 'the write that waits')
    failed(await within(reading, 'the read that waits to fail'), 'StreamReset', 'the read that waits')
    await fails(local.write('more'), 'StreamReset', 'a later write')
    await fails(local.read(), 'StreamReset', 'a later read')
    await fails(remote.read(), 'StreamClosed', 'reading what was reset here')

    if (stage.can.resetCodes) {
      same((error as ChannelError).reason?.code, REASON.code, 'the code of the reason')
    }

    ok(await within(local.closed, 'the stream to close') instanceof Error, 'closed gives the error')
  },

  async 'tells of a reset that comes at once, before the message is received' (stage) {
    const { near, far } = await stage.pair()
    const [sender, receiver] = await open(near, far)

    for (const when of ['before', 'after'] as const) {
      const [local, remote] = near.createByteStream()

      if (when === 'before') {
        local.reset(REASON)
      }

      const sending = sender.send({ remote })

      local.reset(REASON)
      await sending

      const arrived = (await next<{ remote: ByteStream }>(receiver)).remote

      await fails(within(arrived.read(), 'the reset'), 'StreamReset', `reading what was reset ${when} it was sent`)
    }
  },

  async 'stops who writes to somebody that reads no more' (stage) {
    const { near, far } = await stage.pair()
    const [local, remote] = await openBytes(near, far)
    const flood = new ByteFlood(local, CHUNK)

    await flood.stalled()
    await remote.closeWrite()
    remote.closeRead()
    failed({ error: await within(flood.ended, 'the write that waits to fail') }, 'StreamReset', 'the write that waits')
    await fails(remote.read(), 'StreamClosed', 'reading what is read no more')
  },

  // spec-channel 10.3
  async 'goes on writing after it stopped reading' (stage) {
    const { near, far } = await stage.pair()
    const [local, remote] = await openBytes(near, far)

    local.closeRead()
    await remote.write('into the void')
    await quiet()
    await local.end('still here')
    same(await within(remote.text(), 'the end'), 'still here', 'the text')
  },

  async 'closes gracefully: what was written arrives, what comes is thrown away' (stage) {
    const { near, far } = await stage.pair()
    const [local, remote] = await openBytes(near, far)

    await remote.write('nobody reads this')
    await local.write('all of this')

    const closing = local.close()

    same(await within(remote.text(), 'the end'), 'all of this', 'the text')
    await remote.close()
    await within(closing, 'the close')
  },

  async 'gives no more than was asked for' (stage) {
    const { near, far } = await stage.pair()
    const [local, remote] = await openBytes(near, far)
    const flood = new ByteFlood(local, CHUNK)

    ok('error' in await within(outcome(remote.bytes({ maxBytes: 100_000 })), 'the read to end'), 'reading all of a stream without end fails')
    failed({ error: await within(flood.ended, 'the writer to be stopped') }, 'StreamReset', 'writing to it')
  },

  async 'moves with the message: the object that was sent is of no use' (stage) {
    const { near, far } = await stage.pair()
    const [sender, receiver] = await open(near, far)
    const [local, remote] = near.createByteStream()
    const waiting = outcome(remote.read())

    await sender.send({ remote })
    failed(await within(waiting, 'who reads already'), 'ChannelMoved', 'a read that waited')
    await fails(remote.write('x'), 'ChannelMoved', 'writing')
    await fails(sender.send({ remote }), 'ChannelMoved', 'sending it again')
    await local.end('moved')
    same(await within((await next<{ remote: ByteStream }>(receiver)).remote.text(), 'the end'), 'moved', 'the text')
  },

  async 'loses no byte to a signal that ends a read or a write' (stage) {
    const { near, far } = await stage.pair()
    const [local, remote] = await openBytes(near, far)
    const reason = new Error('no longer')

    for (let n = 0; n < 100; n++) {
      const controller = new AbortController()
      const reading = outcome(remote.read({ signal: controller.signal }))

      // the bytes are under way when the signal comes
      await local.write(Uint8Array.of(n))
      controller.abort(reason)

      const result = await within(reading, 'the read to settle')

      if ('error' in result) {
        same(result.error === reason, true, 'whether the read fails with the reason of the signal')
        same(await within(remote.read(), 'the bytes'), Uint8Array.of(n), 'what the next read gets')
      } else {
        same(result.value, Uint8Array.of(n), 'what was read')
      }
    }
  },

  async 'fails with ConnectionLost or SessionClosed, and ends with neither' (stage) {
    for (const how of ['lost', 'closed'] as const) {
      const pair = await stage.pair()
      const [local, remote] = await openBytes(pair.near, pair.far)
      const code = how === 'lost' ? 'ConnectionLost' : 'SessionClosed'

      await local.write('some')
      await quiet()
      await (how === 'lost' ? pair.cut('end') : pair.near.close())
      await within(pair.far.closed, 'far.closed to resolve')
      failed(await readUntilFailure(remote), code, 'reading')
      await fails(remote.write('x'), code, 'writing')
      await fails(local.read(), code, 'reading on the other side')
    }
  },

  async 'leaves nothing when streams have ended both ways' (stage) {
    const { near, far } = await stage.pair()

    for (let time = 0; time < 50; time++) {
      const [local, remote] = await openBytes(near, far)

      await Promise.all([local.end('a'), remote.end('b')])
      same(await within(Promise.all([local.text(), remote.text()]), 'both ends'), ['b', 'a'], 'the texts')
    }

    await until(() => near.stat().opened + far.stat().accepted === 0, () => `no stream to be left, not ${near.stat().opened} and ${far.stat().accepted}`)
  }
}
