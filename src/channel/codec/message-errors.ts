import { ChannelError } from '../contract/index.ts'

/** A place inside a message: names of map entries and indices of lists, from the outside inwards. */
export type Place = ReadonlyArray<string | number>

const MAX_STEPS = 8
const MAX_NAME_LENGTH = 40
const PLAIN_NAME = /^[A-Za-z_$][\w$]*$/

/** As one would write it: `message.user.tags[3]`. The middle of a long way is left out. */
export function describePlace (place: Place): string {
  if (place.length <= MAX_STEPS) {
    return `message${place.map(describeStep).join('')}`
  }

  const half = MAX_STEPS / 2

  return `message${place.slice(0, half).map(describeStep).join('')}…${place.slice(-half).map(describeStep).join('')}`
}

function describeStep (step: string | number): string {
  if (typeof step === 'number') {
    return `[${step}]`
  }

  return PLAIN_NAME.test(step) && step.length <= MAX_NAME_LENGTH ? `.${step}` : `[${quote(step)}]`
}

/** A key for people; it may come from the other side, and be long. */
export function quote (key: string): string {
  return JSON.stringify(key.length > MAX_NAME_LENGTH ? `${key.slice(0, MAX_NAME_LENGTH)}…` : key)
}

/** `fault` says what is there instead of something that can be sent, and what to do about it. */
export function unencodable (place: Place, fault: string, cause?: unknown): ChannelError {
  return new ChannelError('UnencodableMessage', `${describePlace(place)} is ${fault}`, { cause })
}

export function invalidAt (offset: number, fault: string): ChannelError {
  return new ChannelError('InvalidMessage', `the message cannot be decoded: byte ${offset} ${fault}`)
}

export function invalidPlace (place: Place, fault: string): ChannelError {
  return new ChannelError('InvalidMessage', `the message cannot be decoded: ${describePlace(place)} ${fault}`)
}

export function tooLarge (maxMessageBytes: number): ChannelError {
  return new ChannelError('MessageTooLarge', `the message has more than ${maxMessageBytes} bytes (maxMessageBytes): send it in parts, or as a byte stream`)
}

export function tooDeep (maxDepth: number, place?: Place): ChannelError {
  const what = place == null ? 'the message' : describePlace(place)

  return new ChannelError('MessageTooDeep', `${what} has lists and maps more than ${maxDepth} deep (maxDepth): flatten them, and look for something that contains itself`)
}

export function tooManyReferences (maxReferences: number): ChannelError {
  return new ChannelError('TooManyReferences', `the message has more than ${maxReferences} channels and byte streams (maxReferences): send them in several messages`)
}
