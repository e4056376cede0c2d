import { Deadline, isCoded } from '../base/index.ts'
import { EXIT_OK, EXIT_STOPPED, EXIT_UNHEARD, ServiceError } from '../service/index.ts'
import type { ExitStatus, TaskContext } from '../service/index.ts'

/**
 * Does the work of a stage until it is done, the stage is stopped, or nobody listens any more: the last two abort
 * the signal, and are no failure.
 */
export async function untilUnheard ({ signal, output, clock }: TaskContext, work: (signal: AbortSignal) => Promise<void>): Promise<ExitStatus> {
  const unheard = new ServiceError('CallCancelled', 'nobody listens any more')

  using scope = new Deadline({ clock, signal, timeoutMs: Infinity, onTimeout: () => unheard })

  void output.closed.then(({ how }) => {
    if (how === 'cancelled') {
      scope.abort(unheard)
    }
  })

  try {
    await work(scope.signal)

    return EXIT_OK
  } catch (thrown) {
    if (signal.aborted) {
      return EXIT_STOPPED
    }

    if (scope.signal.aborted || isCoded(thrown, 'ChannelCancelled')) {
      return EXIT_UNHEARD
    }

    throw thrown
  }
}
