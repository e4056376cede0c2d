import { cat } from './commands/cat.ts'
import { demo } from './commands/demo.ts'
import { dial } from './commands/dial.ts'
import { help } from './commands/help.ts'
import { id } from './commands/id.ts'
import { listen } from './commands/listen.ts'
import { ping } from './commands/ping.ts'
import type { Command } from './command.ts'

/** All commands, in the order in which somebody new meets them. */
export const COMMANDS: readonly Command[] = [demo, id, listen, dial, ping, cat, help]
