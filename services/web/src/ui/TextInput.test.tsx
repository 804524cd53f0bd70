import { cleanup, fireEvent, render, screen } from '@testing-library/react'
import { afterEach, expect, test, vi } from 'vitest'
import { TextInput } from './TextInput'

afterEach(cleanup)

test('what is being typed is taken over before the page is left and before drafts are written', () => {
  const order: string[] = []
  const draft = () => order.push('draft')
  window.addEventListener('pagehide', draft)
  render(<TextInput lazy value="10" onText={text => order.push(text)} />)
  window.dispatchEvent(new Event('pagehide'))
  fireEvent.change(screen.getByRole('textbox'), { target: { value: '77' } })
  window.dispatchEvent(new Event('pagehide'))
  expect(order).toEqual(['draft', '77', 'draft'])
  window.removeEventListener('pagehide', draft)
})

test('what was undone with Escape is not taken over', () => {
  const taken = vi.fn()
  render(<TextInput lazy value="10" onText={taken} />)
  fireEvent.change(screen.getByRole('textbox'), { target: { value: '77' } })
  fireEvent.keyDown(screen.getByRole('textbox'), { key: 'Escape' })
  window.dispatchEvent(new Event('pagehide'))
  expect(taken).not.toHaveBeenCalled()
})
