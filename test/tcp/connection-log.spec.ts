import { defaultLogger } from '@libp2p/logger'
import { describe, expect, it } from 'vitest'
import { connectionLog } from '../../src/tcp/connection-log.ts'

describe('the log of connections', () => {
  it('makes a scope once', () => {
    const log = connectionLog(defaultLogger().forComponent('test'))

    expect(log.newScope('yamux')).toBe(log.newScope('yamux'))
    expect(log.newScope('yamux')).not.toBe(log.newScope('noise'))
  })

  it('keeps no more than sixteen scopes', () => {
    const log = connectionLog(defaultLogger().forComponent('test'))

    for (let i = 0; i < 16; i++) {
      log.newScope(`scope ${i}`)
    }

    expect(log.newScope('scope 15')).toBe(log.newScope('scope 15'))
    expect(log.newScope('scope 16')).not.toBe(log.newScope('scope 16'))
  })
})
