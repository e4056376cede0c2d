import { describe, expect, it } from 'vitest'
import { FRAME_TYPE } from '../../src/yamux/constants.ts'
import { FrameBatch } from '../../src/yamux/frame-batch.ts'

describe('a batch of frames', () => {
  it('that has left tells so once, and lets go of whom it told', () => {
    const batch = new FrameBatch(1024)
    let told = 0

    batch.addControl({ type: FRAME_TYPE.ping, flags: 1, streamId: 0, length: 7 }, () => { told++ })
    batch.encode()
    batch.sent()
    batch.sent()

    expect(told).toBe(1)
  })
})
