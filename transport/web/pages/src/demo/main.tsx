import { render } from 'preact'
import { followAddress } from '../shared/key'
import { startTheme } from '../shared/theme'
import '../shared/base.css'
import './demo.css'
import { DemoPage } from './DemoPage'

startTheme()
followAddress()
const root = document.getElementById('root')
if (root) render(<DemoPage />, root)
