import { ServiceError } from './service-error.ts'
import { verbName } from './verb.ts'
import type { Call } from './call.ts'
import type { Reference } from './message.ts'
import type { ChannelEnd } from '../channel/index.ts'

/** What an object does with one message. What it throws is the answer, if one is wanted. */
export type Handler = (call: Call) => void | Promise<void>

/** An object that answers messages. */
export interface Service {
  handle: Handler
  /**
   * A reference to the object has gone. Who gives an object to one caller only, as `spawn` does, ends it here; what is
   * to outlive its references is given out as `shared(object)`.
   */
  close?(end: ChannelEnd): void | Promise<void>
}

export type { Reference } from './message.ts'

/** What functions take where they want an object. */
export type ServiceLike = Service | Handler | Reference

export function isReference (value: ServiceLike): value is Reference {
  return typeof (value as Partial<Reference>).send === 'function'
}

/** An object for a handler. */
export function toService (value: Service | Handler): Service {
  return typeof value === 'function' ? { handle: value } : value
}

/** The same object for one more caller, whose leaving ends nothing for others. */
export function shared (object: ServiceLike): Service {
  if (!isReference(object)) {
    return { handle: toService(object).handle }
  }

  // not a handle on the reference: an abort of one is one of all
  return {
    handle: async (call) => {
      try {
        await call.forward(object)
      } catch (cause) {
        throw new ServiceError('Unavailable', `${verbName(call.verb)} reaches nobody: the object that was to answer has ended`, { cause })
      }
    }
  }
}
