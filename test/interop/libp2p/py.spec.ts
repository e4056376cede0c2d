import { testMatrix } from './matrix.ts'
import { PROGRAMS } from './programs.ts'

testMatrix(PROGRAMS['py-libp2p'])
