import { CodedError } from '../../base/index.ts'
import type { ErrorCode } from '../../base/index.ts'

/** Errors that plugins match by the names which js-libp2p gives them: the code followed by `Error`. */
export type PluginErrorCode = 'UnhandledProtocol' | 'MissingService' | 'UnmetServiceDependencies' | 'NoPeerRouters' | 'NoContentRouters'

export function pluginError (code: PluginErrorCode, message: string, options?: ErrorOptions): CodedError {
  return new CodedError(code as ErrorCode, message, options)
}
