/**
 * What the compliance suites import as `aegir/chai`: chai 4 with the plugins that they use. aegir
 * itself would add hundreds of megabytes, so `overrides` in package.json puts a tiny package, which
 * nothing loads, in its place; and in that of react-native-webrtc, which would bring React Native.
 */
import { expect, use } from 'chai'
import chaiAsPromised from 'chai-as-promised'
import chaiBites from 'chai-bites'
import chaiParentheses from 'chai-parentheses'

// parentheses wraps the properties that as-promised defines, so it comes after
use(chaiAsPromised)
use(chaiParentheses)
use(chaiBites)

export { expect }
