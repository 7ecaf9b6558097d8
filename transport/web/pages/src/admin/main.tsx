import { render } from 'preact'
import { followAddress } from '../shared/key'
import { startTheme } from '../shared/theme'
import '../shared/base.css'
import './admin.css'
import { App } from './App'

startTheme()
followAddress()
const root = document.getElementById('root')
if (root) render(<App />, root)
