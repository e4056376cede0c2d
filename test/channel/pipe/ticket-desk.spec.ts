import { describe, expect, it, vi } from 'vitest'
import { takeSendPort } from '../../../src/channel/pipe/index.ts'
import { settle } from '../../support/fake-clock.ts'
import { scene } from './scene.ts'

describe('whoever watches an end', () => {
  it('is told once how it ended, unless that was taken back', async () => {
    const { sender, receiver } = scene()
    const stays = vi.fn()
    const leaves = vi.fn()

    sender.desk.watch(stays)
    sender.desk.watch(leaves)[Symbol.dispose]()
    receiver.cancel('enough')
    await settle()

    expect(stays.mock.calls).toEqual([[{ how: 'cancelled', reason: { code: 3, message: 'enough' } }]])
    expect(leaves).not.toHaveBeenCalled()
  })

  it('is told when it comes too late, too', async () => {
    const { sender } = scene()
    const first = vi.fn()
    const second = vi.fn()

    sender.desk.watch(first)
    await sender.close()
    await settle()
    sender.desk.watch(second)
    await settle()

    expect(first).toHaveBeenCalledTimes(1)
    expect(second.mock.calls).toEqual([[{ how: 'closed' }]])
  })

  it('is told of a move, which is the end here', async () => {
    const { sender } = scene()
    const watching = vi.fn()

    sender.desk.watch(watching)
    takeSendPort(sender)
    await settle()

    expect(watching.mock.calls).toEqual([[{ how: 'moved' }]])
  })
})
