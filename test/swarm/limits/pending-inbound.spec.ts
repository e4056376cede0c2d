import { describe, expect, it } from 'vitest'
import { ConnectionLimits } from '../../../src/swarm/limits/index.ts'
import { LIMIT_DEFAULTS } from '../../../src/swarm/options.ts'
import { settle } from '../../support/fake-clock.ts'
import type { LimitOptionsInit } from '../../../src/swarm/options.ts'

function limitsOf (init: LimitOptionsInit): ConnectionLimits {
  return new ConnectionLimits({ ...LIMIT_DEFAULTS, ...init })
}

describe('ConnectionLimits.pendingInbound', () => {
  it('lets so many upgrades begin, and the others in the order in which they came', async () => {
    const limits = limitsOf({ maxPendingInbound: 1 })
    const begun: number[] = []
    const waiting = [1, 2, 3].map(async (n) => {
      const permit = await limits.pendingInbound()

      begun.push(n)
      await settle()
      permit[Symbol.dispose]()
    })

    expect(limits.stat()).toMatchObject({ pending: 1, queued: 2 })
    await Promise.all(waiting)

    expect(begun).toEqual([1, 2, 3])
    expect(limits.stat()).toMatchObject({ pending: 0, queued: 0 })
  })

  it('refuses at once what the queue has no room for', async () => {
    const limits = limitsOf({ maxPendingInbound: 1, maxQueuedInbound: 1 })
    const first = await limits.pendingInbound()
    const second = limits.pendingInbound()

    await expect(limits.pendingInbound()).rejects.toMatchObject({
      code: 'ResourceLimit',
      message: 'too many inbound connections waiting for their upgrade: 1 of 1 in use (limits.maxQueuedInbound)'
    })

    first[Symbol.dispose]()
    await expect(second).resolves.toBeDefined()
  })

  it('counts those that wait and those that are upgraded per IP address', async () => {
    const limits = limitsOf({ maxPendingInbound: 1, maxPendingInboundPerIp: 2 })
    const first = await limits.pendingInbound({ ip: '192.0.2.1' })
    const second = limits.pendingInbound({ ip: '192.0.2.1' })

    await expect(limits.pendingInbound({ ip: '192.0.2.1' })).rejects.toMatchObject({
      scope: 'pending inbound connections from 192.0.2.1',
      used: 2,
      option: 'limits.maxPendingInboundPerIp'
    })
    expect(limits.stat().queued).toBe(1)

    first[Symbol.dispose]()
    const third = limits.pendingInbound({ ip: '192.0.2.1' })

    ;(await second)[Symbol.dispose]()
    ;(await third)[Symbol.dispose]()
    expect(limits.stat()).toMatchObject({ pending: 0, queued: 0 })
  })

  it('exempts loopback from the count per IP address', async () => {
    const limits = limitsOf({ maxPendingInboundPerIp: 1 })

    await limits.pendingInbound({ ip: '127.0.0.1' })
    await limits.pendingInbound({ ip: '127.0.0.1' })

    expect(limits.stat().pending).toBe(2)
  })

  it('takes one that aborts out of the queue and out of the count of its address', async () => {
    const limits = limitsOf({ maxPendingInbound: 1, maxPendingInboundPerIp: 1 })
    const controller = new AbortController()
    const reason = new Error('the socket closed')
    const held = await limits.pendingInbound({ ip: '192.0.2.1' })
    const left = limits.pendingInbound({ ip: '192.0.2.2' }, controller.signal)

    controller.abort(reason)

    await expect(left).rejects.toBe(reason)
    expect(limits.stat()).toMatchObject({ pending: 1, queued: 0 })

    const again = limits.pendingInbound({ ip: '192.0.2.2' })

    held[Symbol.dispose]()
    await expect(again).resolves.toBeDefined()
  })

  it('gives the slot back when it is granted in the turn in which the caller leaves', async () => {
    const limits = limitsOf({ maxPendingInbound: 1 })
    const controller = new AbortController()
    const reason = new Error('the socket closed')
    const held = await limits.pendingInbound()
    const left = limits.pendingInbound({ ip: '192.0.2.2' }, controller.signal)

    held[Symbol.dispose]()
    controller.abort(reason)

    await expect(left).rejects.toBe(reason)
    expect(limits.stat()).toMatchObject({ pending: 0, queued: 0 })
  })

  it('counts nobody whose signal has aborted before', async () => {
    const limits = limitsOf({})
    const reason = new Error('too late')

    await expect(limits.pendingInbound({ ip: '192.0.2.1' }, AbortSignal.abort(reason))).rejects.toBe(reason)
    expect(limits.stat().pending).toBe(0)
  })

  it('refuses everybody at once when there are no upgrades at all', async () => {
    const limits = limitsOf({ maxPendingInbound: 0 })

    await expect(limits.pendingInbound()).rejects.toMatchObject({ option: 'limits.maxPendingInbound', max: 0 })
  })

  it('counts a permit that is given back twice once', async () => {
    const limits = limitsOf({ maxPendingInbound: 2 })
    const first = await limits.pendingInbound({ ip: '192.0.2.1' })

    await limits.pendingInbound({ ip: '192.0.2.1' })
    first[Symbol.dispose]()
    first[Symbol.dispose]()

    expect(limits.stat().pending).toBe(1)
  })
})
