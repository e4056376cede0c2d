import { failed, fails, ok, same, throws } from './assert.ts'
import { makeBusy, outcomes, readUntilFailure } from './busy.ts'
import { collect, collectUntilFailure, open, range, sendAll } from './steps.ts'
import { quiet, within } from './waiting.ts'
import type { Busy } from './busy.ts'
import type { Cases } from './cases.ts'
import type { SessionPair } from './contract.ts'
import type { Stage } from './stage.ts'
import type { Wave } from './steps.ts'
import type { ErrorCode } from '../../base/index.ts'

const MANY = 50

/** Everything that waits and everything that is asked later fails with `code`, and nothing looks like an end. */
async function everythingFails (busy: Busy, code: ErrorCode): Promise<void> {
  for (const [what, result] of await outcomes(busy)) {
    failed(result, code, what)
  }

  for (const [receiver, flood] of busy.unread) {
    const { messages, error } = await collectUntilFailure(receiver)

    same(messages.map((message) => (message as Wave).n), range(0, messages.length), 'what arrived before, without a gap')
    ok(messages.length <= flood.taken + 1, 'nothing arrived that was not sent')
    failed({ error }, code, 'receiving after what arrived before')
    await fails(receiver.receive(), code, 'receiving once more')
  }

  for (const stream of busy.unreadBytes) {
    failed(await readUntilFailure(stream), code, 'reading after what arrived before')
  }

  for (const end of busy.idle) {
    same((await within(end.closed, 'an idle end to end')).how, 'lost', 'how an idle end has ended')
  }
}

async function losesTheConnection (stage: Stage, how: 'reset' | 'end'): Promise<void> {
  const pair = await stage.pair()
  const busy = await makeBusy(pair)

  await pair.cut(how)

  for (const [side, session] of sidesOf(pair)) {
    const { by, error } = await within(session.closed, `${side}.closed to resolve`)

    same(by, 'loss', `by what the ${side} session ended`)
    failed({ error }, 'ConnectionLost', `the error of the ${side} session`)
    same(session.signal.aborted, true, `whether the signal of the ${side} session has aborted`)
  }

  await everythingFails(busy, 'ConnectionLost')

  for (const [side, session] of sidesOf(pair)) {
    throws(() => session.newSendChannel(), 'ConnectionLost', `${side}.newSendChannel`)
    await fails(session.waitReceiveChannel(), 'ConnectionLost', `${side}.waitReceiveChannel`)
  }
}

function sidesOf ({ near, far }: SessionPair): Array<readonly ['near' | 'far', SessionPair['near']]> {
  return [['near', near], ['far', far]]
}

export const losses: Cases = {
  async 'fails everything with ConnectionLost when the connection is reset, and ends nothing' (stage) {
    await losesTheConnection(stage, 'reset')
  },

  async 'fails everything with ConnectionLost when the connection ends beneath, and ends nothing' (stage) {
    await losesTheConnection(stage, 'end')
  },

  async 'gives what has arrived before it tells of the loss' (stage) {
    const pair = await stage.pair()
    const [sender, receiver] = await open(pair.near, pair.far)
    const [closed, whole] = await open(pair.near, pair.far)

    await sendAll(sender, range(0, MANY))
    await sendAll(closed, range(0, MANY))
    await closed.close()
    await quiet()
    await pair.cut('reset')
    await within(pair.far.closed, 'far.closed to resolve')

    const { messages, error } = await collectUntilFailure(receiver)

    same(messages, range(0, MANY), 'the messages')
    failed({ error }, 'ConnectionLost', 'receiving after them')
    same(await within(collect(whole), 'the end'), range(0, MANY), 'the messages of a channel that was closed before')
  },

  async 'fails everything with SessionClosed when one side closes the session, and ends nothing' (stage) {
    const pair = await stage.pair()
    const busy = await makeBusy(pair)

    await within(pair.near.close(), 'the close')
    same((await pair.near.closed).by, 'us', 'by whom the session of the closing side ended')
    same((await within(pair.far.closed, 'far.closed to resolve')).by, 'them', 'by whom the session of the other side ended')
    await everythingFails(busy, 'SessionClosed')

    for (const [side, session] of sidesOf(pair)) {
      throws(() => session.newSendChannel(), 'SessionClosed', `${side}.newSendChannel`)
      await fails(session.waitReceiveChannel(), 'SessionClosed', `${side}.waitReceiveChannel`)
      same((await session.closed).error, undefined, `the error of the ${side} session`)
    }
  },

  async 'delivers what was sent before the session closes' (stage) {
    const { near, far } = await stage.pair()
    const [sender, receiver] = await open(near, far)
    const [closed, whole] = await open(near, far)

    await sendAll(sender, range(0, MANY))
    await sendAll(closed, range(0, MANY))
    await closed.close()
    await near.close()

    const { messages, error } = await collectUntilFailure(receiver)

    same(messages, range(0, MANY), 'the messages')
    failed({ error }, 'SessionClosed', 'receiving after them')
    same(await within(collect(whole), 'the end'), range(0, MANY), 'the messages of a channel that was closed before')
  },

  async 'ends at once with abort, and ends nothing in order' (stage) {
    const pair = await stage.pair()
    const busy = await makeBusy(pair)

    pair.near.abort(new Error('enough'))

    for (const [what, result] of await outcomes(busy)) {
      ok('error' in result, `${what} fails`)
    }

    for (const [receiver] of busy.unread) {
      await collectUntilFailure(receiver)
    }

    for (const stream of busy.unreadBytes) {
      ok('error' in await readUntilFailure(stream), 'a byte stream fails')
    }

    await within(Promise.all([pair.near.closed, pair.far.closed]), 'both sessions to end')
  },

  async 'closes twice, and from both sides at once' (stage) {
    const { near, far } = await stage.pair()

    await open(near, far)
    await within(Promise.all([near.close(), far.close(), near.close()]), 'the sessions to close')
    await within(near.close(), 'a session that is closed to close')
  }
}
