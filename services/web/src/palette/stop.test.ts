import { expect, test } from 'vitest'
import { oneStop } from './Palette'

test('the list is one stop of the Tab key: its beginning, then where one was last', () => {
  const list = document.createElement('div')
  list.innerHTML = '<button tabindex="-1">a</button><button tabindex="-1">b</button>'
  const stops = () => [...list.querySelectorAll('button')].map(button => button.tabIndex)
  oneStop(list)
  expect(stops()).toEqual([0, -1])
  oneStop(list, list.lastElementChild ?? undefined)
  expect(stops()).toEqual([-1, 0])
  oneStop(list) // what was drawn anew keeps the stop
  expect(stops()).toEqual([-1, 0])
  list.lastElementChild?.remove() // the search found other layers
  oneStop(list)
  expect(stops()).toEqual([0])
})
