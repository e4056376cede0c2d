/*
 * Channels as Go has them, whose messages carry channels and byte streams: libchan. `docs/spec-channel.md` is the protocol.
 *
 *     const [receiver, sender] = pipe()                                  in one process
 *     const session = await connect('tcp://127.0.0.1:9323')              between two
 *     await session.newSendChannel().send({ answer: sender })
 *
 * What it is not: it finds nobody and proves nothing of who is there. TLS does, or a swarm: `swarmd/mesh`.
 *
 * Read `contract` first; then `pipe`, `codec`, `session`; then `providers/mux` and one transport. `connect-over`,
 * `listen-over` and `over-duplex` put them together. `browser` is this file where there is no Node.
 */
export { connect } from './connect.ts'
export { listen } from './listen.ts'
export * from './surface.ts'
