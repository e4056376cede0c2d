import { ServiceError } from './service-error.ts'
import { verbName } from './verb.ts'
import type { Handler } from './service.ts'

/** A handler that refuses, saying which verb of what. */
export function notImplemented (name = 'this object'): Handler {
  return ({ verb }) => {
    throw new ServiceError('NotImplemented', `${name} does not answer ${verbName(verb)}`)
  }
}
