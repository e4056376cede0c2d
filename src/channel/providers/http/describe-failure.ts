/** What went wrong, for a message. Connecting to several addresses fails with an error that has no message of its own. */
export function describeFailure (error: unknown): string {
  if (error instanceof AggregateError && error.message === '') {
    return error.errors.map(describeFailure).join(', ')
  }

  return error instanceof Error ? error.message : String(error)
}
