import type { Session } from '../../channel/index.ts'

/** Refuses the channels that the other side opens besides those that were taken. Resolves when the session ends. */
export async function refuseChannels (session: Session): Promise<void> {
  try {
    for await (const channel of session) {
      channel.cancel('this side takes no more channels')
    }
  } catch {
    // it has ended
  }
}
