import { cleanup, fireEvent, render, screen } from '@testing-library/react'
import type { ReactNode } from 'react'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { startI18n } from '@/i18n'
import { ErrorBoundary } from './ErrorBoundary'

beforeEach(async () => {
  vi.spyOn(console, 'error').mockImplementation(() => undefined) // React tells what it caught
  await startI18n()
})
afterEach(() => {
  cleanup()
  vi.restoreAllMocks()
})

function Broken(): never {
  throw new Error('broken')
}

const page = (address: string, children: ReactNode) => <ErrorBoundary resetOn={address}>{children}</ErrorBoundary>

test('a page with a fault is shown again at another address', () => {
  const { rerender } = render(page('/', <Broken />))
  expect(screen.getByRole('alert').textContent).toContain('broken')
  rerender(page('/', 'fine'))
  expect(screen.queryByText('fine')).toBeNull()
  rerender(page('/app/jobs', 'fine'))
  expect(screen.getByText('fine')).toBeTruthy()
})

test('a dialog with a fault is told beside the page, until it is dismissed', () => {
  const closed = vi.fn()
  render(
    <>
      <p>the page</p>
      <ErrorBoundary onDismiss={closed}>
        <Broken />
      </ErrorBoundary>
    </>,
  )
  expect(screen.getByText('the page')).toBeTruthy()
  fireEvent.click(screen.getByRole('button', { name: 'Dismiss' }))
  expect(closed).toHaveBeenCalledOnce()
})
