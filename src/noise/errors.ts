import { CodedError } from '../base/index.ts'

/** The rule that a peer broke; noise 6.1. */
export type NoiseRule =
  | 'handshakeLength'
  | 'publicKey'
  | 'handshakeTag'
  | 'payload'
  | 'messageLength'
  | 'tag'

/** The peer broke a rule of Noise, or somebody in between did. Nothing that came with it was used. */
export class NoiseError extends CodedError {
  readonly rule: NoiseRule

  constructor (rule: NoiseRule, message: string, options?: ErrorOptions) {
    super('ProtocolViolation', message, options)
    this.rule = rule
  }
}
