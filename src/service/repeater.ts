import { discard } from './discard.ts'
import { isRefusal } from './refusal.ts'
import { reference } from './serve.ts'
import { ServiceError } from './service-error.ts'
import { verbName } from './verb.ts'
import type { Call } from './call.ts'
import type { Reference, Service, ServiceLike } from './service.ts'

/** An object that stands for another, which may be changed while others hold references to this one. */
export function repeater (target?: ServiceLike): Repeater {
  return new Repeater(target)
}

/**
 * Hands each message to its target of that moment, with its caller and the time that is left. Without a target, or when that
 * has gone, requests are answered with Unavailable. It owns its targets: the one that is replaced is closed, after what it was sent.
 */
export class Repeater implements Service {
  #target: Reference | undefined

  constructor (target?: ServiceLike) {
    this.set(target)
  }

  get target (): Reference | undefined {
    return this.#target
  }

  /** What is sent from now on goes to `target`; to nobody when there is none. */
  set (target: ServiceLike | undefined): void {
    const before = this.#target

    this.#target = target == null ? undefined : reference(target)

    if (before !== this.#target) {
      discard({ ret: before })
    }
  }

  handle = async (call: Call): Promise<void> => {
    const target = this.#target

    if (target == null) {
      throw new ServiceError('Unavailable', `there is nobody to send ${verbName(call.verb)} to`)
    }

    try {
      await call.forward(target)
    } catch (cause) {
      throw isRefusal(cause) ? cause : new ServiceError('Unavailable', `${verbName(call.verb)} could not be sent on: its target has gone`, { cause })
    }
  }
}
