import { act, cleanup, fireEvent, render, screen } from '@testing-library/react'
import { type ReactNode, Suspense } from 'react'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { lazyPart } from '@/api/parts'
import { startI18n } from '@/i18n'
import { ErrorBoundary } from './ErrorBoundary'

beforeEach(async () => {
  vi.spyOn(console, 'error').mockImplementation(() => undefined) // React tells what it caught
  await startI18n()
})
afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
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

/** A part that the server gives when it is there. */
function partOf(server: { there: boolean }) {
  vi.stubGlobal('fetch', async () => {
    if (!server.there) throw new TypeError('away')
    return new Response('<html></html>')
  })
  return lazyPart(async () => {
    if (!server.there) throw new TypeError('away')
    return { default: () => <p>the part</p> }
  })
}

test('a part that the server was not there to give is fetched when it is asked for again', async () => {
  const server = { there: false }
  const Part = partOf(server)
  render(page('/', <Suspense>{<Part />}</Suspense>))
  const again = await screen.findByRole('button', { name: 'Try again' })
  fireEvent.click(again)
  await screen.findByRole('alert')
  expect(screen.queryByText('the part')).toBeNull()
  server.there = true
  fireEvent.click(await screen.findByRole('button', { name: 'Try again' }))
  expect(await screen.findByText('the part')).toBeTruthy()
})

test('it is fetched by itself once the server is back', async () => {
  vi.useFakeTimers()
  const server = { there: false }
  const Part = partOf(server)
  render(page('/', <Suspense>{<Part />}</Suspense>))
  await act(() => vi.advanceTimersByTimeAsync(7000))
  expect(screen.getByRole('alert').textContent).toContain('tries again by itself')
  server.there = true
  await act(() => vi.advanceTimersByTimeAsync(3000))
  expect(screen.getByText('the part')).toBeTruthy()
})
