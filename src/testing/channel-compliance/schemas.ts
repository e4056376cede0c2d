import { fails, same } from './assert.ts'
import { next } from './steps.ts'
import { within } from './waiting.ts'
import type { Cases } from './cases.ts'
import type { StandardSchemaV1 } from '@standard-schema/spec'

/** Takes whole numbers, and text that is one, of which it makes the number. */
const wholeNumber: StandardSchemaV1<unknown, number> = {
  '~standard': {
    version: 1,
    vendor: 'swarmd',
    validate (value) {
      return Number.isInteger(Number(value)) ? { value: Number(value) } : { issues: [{ message: 'wanted a whole number' }] }
    }
  }
}

export const schemas: Cases = {
  async 'checks what is sent: a message that does not pass is refused, alone' (stage) {
    const { near, far } = await stage.pair()
    const sender = near.newSendChannel({ schema: wholeNumber })
    const receiver = await within(far.waitReceiveChannel(), 'the channel')

    await sender.send(1)
    await fails(sender.send('two' as unknown as number), 'MessageRejected', 'sending what does not pass')
    await sender.send('3' as unknown as number)
    same([await next(receiver), await next(receiver)], [1, 3], 'what the schema made of the messages')
  },

  async 'checks what is received: a message that does not pass is refused, alone' (stage) {
    const { near, far } = await stage.pair()
    const waiting = far.waitReceiveChannel({ schema: wholeNumber })
    const sender = near.newSendChannel()
    const receiver = await within(waiting, 'the channel')

    await sender.send('1')
    await sender.send('two')
    await sender.send(3)
    same(await next(receiver), 1, 'what the schema made of the first message')
    await fails(within(receiver.receive(), 'the message'), 'MessageRejected', 'receiving what does not pass')
    same(await next(receiver), 3, 'the next message')
  }
}
