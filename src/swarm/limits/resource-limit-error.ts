import { CodedError } from '../../base/index.ts'

export interface ResourceLimitInit {
  /** What there is too much of, in the plural, as 'inbound connections'. */
  scope: string
  used: number
  max: number
  /** What to change for another maximum, as 'limits.maxInboundConnections'. */
  option: string
}

/** A limit of our own refused something: which one, how full it is, and what raises it. */
export class ResourceLimitError extends CodedError {
  readonly scope: string
  readonly used: number
  readonly max: number
  readonly option: string

  constructor ({ scope, used, max, option }: ResourceLimitInit) {
    super('ResourceLimit', `too many ${scope}: ${used} of ${max} in use (${option})`)
    this.scope = scope
    this.used = used
    this.max = max
    this.option = option
  }
}
