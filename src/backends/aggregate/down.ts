import { isCoded } from '../../base/index.ts'
import { isGone } from '../pass-on.ts'

/** Whether an error says that an engine cannot be asked at all; any other is its answer. */
export function isDown (thrown: unknown): boolean {
  return isGone(thrown) || isCoded(thrown, 'Unavailable') || isCoded(thrown, 'DeadlineExceeded')
}
