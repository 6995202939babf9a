import { render } from 'preact'
import { App } from './app'
import { open } from './service/session'
import { tick } from './state/clock'
import './style/page.css'
import './style/parts.css'
import './style/data.css'

open()
tick()
const page = document.getElementById('page')
if (page) render(<App />, page)
