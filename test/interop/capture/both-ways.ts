import { beforeAll, describe } from 'vitest'
import { goMissing } from '../support/go.ts'
import { record } from './record.ts'
import type { Recording } from './record.ts'

const WAYS = [['we dial', 'dialer'], ['they dial', 'listener']] as const
const MISSING = goMissing()

/** Tests over a connection with go-libp2p that was recorded, one that we dialled and one that they did. */
export function bothWays (title: string, define: (recording: () => Recording) => void): void {
  describe.skipIf(MISSING != null).each(WAYS)(`${title} where %s${MISSING == null ? '' : `: ${MISSING}`}`, (_, ours) => {
    const made: { recording?: Recording } = {}

    beforeAll(async () => { made.recording = await record(ours) })

    define(() => {
      if (made.recording == null) {
        throw new Error('nothing was recorded')
      }

      return made.recording
    })
  })
}
