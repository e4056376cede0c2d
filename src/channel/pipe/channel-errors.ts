import { ChannelError, describeReason } from '../contract/index.ts'
import type { ChannelEnd, ChannelReason } from '../contract/index.ts'

/** `send` on an end that its own side has closed. */
export function senderClosed (): ChannelError {
  return new ChannelError('ChannelClosed', 'cannot send: this sender was closed')
}

/** `send` on an end that its own side has aborted. */
export function senderAborted (reason: ChannelReason): ChannelError {
  return new ChannelError('ChannelClosed', `cannot send: this sender was aborted (${describeReason(reason)})`, { reason })
}

export function receiverCancelled (reason: ChannelReason): ChannelError {
  return new ChannelError('ChannelClosed', `cannot receive: this receiver was cancelled (${describeReason(reason)})`, { reason })
}

/** What the sender gets when the receiver has given up. */
export function cancelledByReceiver (reason: ChannelReason): ChannelError {
  return new ChannelError('ChannelCancelled', `the receiver wants no more messages (${describeReason(reason)})`, { reason })
}

/** What the receiver gets when the sender has given up. */
export function abortedBySender (reason: ChannelReason): ChannelError {
  return new ChannelError('ChannelAborted', `the sender gave up before the end (${describeReason(reason)})`, { reason })
}

export function endMoved (end: 'sender' | 'receiver'): ChannelError {
  const advice = end === 'sender' ? '; take a dup() of it first, to go on using one here' : ''

  return new ChannelError('ChannelMoved', `this ${end} was handed on, in a message or to withSchema, and is of no use here any more${advice}`)
}

/** What `send` throws once its end has ended so. */
export function sendErrorOf (end: ChannelEnd): Error {
  switch (end.how) {
    case 'cancelled': return cancelledByReceiver(end.reason)
    case 'aborted': return senderAborted(end.reason)
    case 'lost': return end.error
    case 'moved': return endMoved('sender')
    default: return senderClosed()
  }
}
