import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { App } from './App'
import { CallError } from './api/failure'
import { startI18n } from './i18n'
import { applyTheme } from './store/preferences'
import './styles/tokens.css'
import './styles/base.css'
import './styles/controls.css'
import './styles/tables.css'
import './styles/shell.css'
import './styles/dialogs.css'

applyTheme()
await startI18n()
/** What could not be fetched is told on the page; a fault of ours goes to the console as well. */
const onCaughtError = (error: unknown) => {
  // biome-ignore lint/suspicious/noConsole: as React does without this
  if (!(error instanceof CallError)) console.error(error)
}

createRoot(document.getElementById('root') as HTMLElement, { onCaughtError }).render(
  <StrictMode>
    <App />
  </StrictMode>,
)
