/** The command line was not understood: the person has to write it otherwise. */
export class UsageError extends Error {
  /** Commands whose help explains it better. */
  readonly command: string | undefined

  constructor (message: string, command?: string) {
    super(message)
    this.name = 'UsageError'
    this.command = command
  }
}
