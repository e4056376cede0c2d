import { testMatrix } from './matrix.ts'
import { PROGRAMS } from './programs.ts'

testMatrix(PROGRAMS['js-libp2p'])
